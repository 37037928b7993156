import { invariant } from '@suanli/kernel';
import type { GpuShare } from '../workload/attempt.ts';

export const MILLI_PER_GPU = 1000;
/** What a placement without GPUs is bought as. */
export const CPU_SKU = 'cpu';

/** What one task needs. */
export type TaskShape = { milliGpus: number; milliCpus: number; memoryBytes: number };

export type GpuSpace = { gpuId: string; deviceIndex: number; sku: string; freeMilli: number };

/** Room on one node. Mutable: a pass takes capacity as it decides, so that what is taken is visible to the next. */
export type NodeSpace = {
  clusterId: string;
  nodeId: string;
  freeMilliCpus: number;
  freeMemoryBytes: number;
  /** Healthy devices of known SKUs, in order of device index. */
  gpus: GpuSpace[];
};

export type ClusterSpace = { clusterId: string; region: string; isOnline: boolean; nodes: NodeSpace[] };

export type TaskPlacement = { nodeId: string; gpus: readonly GpuShare[] };

/** The devices that a task would get on this node, or undefined when it does not fit. Shares go to the fullest device. */
export function chooseDevices(node: NodeSpace, shape: TaskShape, sku: string): readonly GpuSpace[] | undefined {
  if (node.freeMilliCpus < shape.milliCpus || node.freeMemoryBytes < shape.memoryBytes) return undefined;
  if (shape.milliGpus === 0) return [];
  if (shape.milliGpus < MILLI_PER_GPU) {
    let best: GpuSpace | undefined;
    for (const gpu of node.gpus) {
      if (gpu.sku !== sku || gpu.freeMilli < shape.milliGpus) continue;
      if (best === undefined || gpu.freeMilli < best.freeMilli) best = gpu;
    }
    return best && [best];
  }
  const count = shape.milliGpus / MILLI_PER_GPU;
  const whole = node.gpus.filter((gpu) => gpu.sku === sku && gpu.freeMilli === MILLI_PER_GPU).slice(0, count);
  return whole.length === count ? whole : undefined;
}

/** Takes the capacity of one task from the node. */
export function takeFrom(node: NodeSpace, shape: TaskShape, devices: readonly GpuSpace[]): TaskPlacement {
  const milliGpus = Math.min(shape.milliGpus, MILLI_PER_GPU);
  node.freeMilliCpus -= shape.milliCpus;
  node.freeMemoryBytes -= shape.memoryBytes;
  invariant(node.freeMilliCpus >= 0 && node.freeMemoryBytes >= 0, `node ${node.nodeId} is over-committed`);
  for (const gpu of devices) {
    gpu.freeMilli -= milliGpus;
    invariant(gpu.freeMilli >= 0, `GPU ${gpu.gpuId} is over-committed`);
  }
  return { nodeId: node.nodeId, gpus: devices.map(({ gpuId, deviceIndex }) => ({ gpuId, deviceIndex, milliGpus })) };
}

/** Gives back what `takeFrom` took. */
export function giveBack(node: NodeSpace, shape: TaskShape, placement: TaskPlacement): void {
  node.freeMilliCpus += shape.milliCpus;
  node.freeMemoryBytes += shape.memoryBytes;
  for (const share of placement.gpus) {
    const gpu = node.gpus.find((candidate) => candidate.gpuId === share.gpuId);
    if (gpu !== undefined) gpu.freeMilli += share.milliGpus;
  }
}
