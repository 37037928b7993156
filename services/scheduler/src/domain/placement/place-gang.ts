import { giveBack, type NodeSpace, takeFrom, type TaskPlacement, type TaskShape } from './space.ts';
import type { PlacementStrategy } from './strategy.ts';

export type Gang = { shape: TaskShape; taskCount: number; sku: string };

/** Places every task or none. The capacity of a placed gang is taken from `nodes`. */
export function placeGang(
  nodes: readonly NodeSpace[],
  gang: Gang,
  strategy: PlacementStrategy,
): TaskPlacement[] | undefined {
  const taken: { node: NodeSpace; placement: TaskPlacement }[] = [];
  for (let task = 0; task < gang.taskCount; task++) {
    const choice = strategy.choose(nodes, gang.shape, gang.sku);
    if (choice === undefined) {
      for (const { node, placement } of taken) giveBack(node, gang.shape, placement);
      return undefined;
    }
    taken.push({ node: choice.node, placement: takeFrom(choice.node, gang.shape, choice.devices) });
  }
  return taken.map(({ placement }) => placement);
}
