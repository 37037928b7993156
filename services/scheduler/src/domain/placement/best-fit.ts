import { chooseDevices, MILLI_PER_GPU, type NodeSpace, type TaskShape } from './space.ts';
import type { NodeChoice, PlacementStrategy } from './strategy.ts';

/** One GPU weighs as much as this share of a node's CPU or memory: GPUs are what is scarce. */
const MILLI_CPUS_PER_GPU = 16_000;
const MEMORY_BYTES_PER_GPU = 128 * 2 ** 30;

/** The node on which least is left over; the first of equals. Keeps large holes for large tasks. */
export const bestFit: PlacementStrategy = {
  name: 'best-fit',
  choose(nodes, shape, sku) {
    let best: NodeChoice | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const node of nodes) {
      const devices = chooseDevices(node, shape, sku);
      if (devices === undefined) continue;
      const left = leftOver(node, shape, sku);
      if (left >= least) continue;
      best = { node, devices };
      least = left;
    }
    return best;
  },
};

function leftOver(node: NodeSpace, shape: TaskShape, sku: string): number {
  let freeMilli = -shape.milliGpus;
  // A task without GPUs should not sit where GPUs are free, so all of them count for it.
  for (const gpu of node.gpus) if (shape.milliGpus === 0 || gpu.sku === sku) freeMilli += gpu.freeMilli;
  return (
    freeMilli / MILLI_PER_GPU +
    (node.freeMilliCpus - shape.milliCpus) / MILLI_CPUS_PER_GPU +
    (node.freeMemoryBytes - shape.memoryBytes) / MEMORY_BYTES_PER_GPU
  );
}
