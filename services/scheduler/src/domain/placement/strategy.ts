import type { GpuSpace, NodeSpace, TaskShape } from './space.ts';

export type NodeChoice = { node: NodeSpace; devices: readonly GpuSpace[] };

/**
 * Where a task goes among nodes. One file each: a strategy may keep indexes and statistics of its own, but decides on
 * what it is given and changes nothing.
 */
export type PlacementStrategy = {
  readonly name: string;
  /** Undefined when the task fits on none of the nodes; never that when it fits on one. */
  choose(nodes: readonly NodeSpace[], shape: TaskShape, sku: string): NodeChoice | undefined;
};
