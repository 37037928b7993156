import type { JobSpec } from '../job/job-spec.ts';
import { placeGang } from './place-gang.ts';
import { chooseDevices, CPU_SKU, type ClusterSpace, MILLI_PER_GPU, type NodeSpace } from './space.ts';
import type { PlacementStrategy } from './strategy.ts';

/** A cluster as if nothing ran on it. `hasReported`: its nodes have been seen at least once. */
export type KnownCluster = ClusterSpace & { hasReported: boolean };

export type Catalogue = { clusters: readonly KnownCluster[]; skus: readonly string[] };

/** Where a job could run one day, and why it could not elsewhere, in words, by cluster. */
export type Feasibility = {
  options: { clusterId: string; region: string; sku: string }[];
  /** Clusters that have never reported nodes: they may turn out to fit. */
  unknown: string[];
  refusals: Record<string, string>;
};

/**
 * Judges a job against clusters at their full size, online or not. A cluster whose nodes were never seen is neither
 * promised nor refused: the job is accepted and waits for it.
 */
export function judgeFeasibility(spec: JobSpec, catalogue: Catalogue, strategy: PlacementStrategy): Feasibility {
  const result: Feasibility = { options: [], unknown: [], refusals: {} };
  const wanted = wantedSkus(spec, catalogue.skus);
  for (const cluster of catalogue.clusters) {
    const { clusterId, region } = cluster;
    if (spec.regions.length > 0 && !spec.regions.includes(region)) {
      result.refusals[clusterId] = `region ${region} is not among the allowed`;
    } else if (wanted.length === 0) {
      result.refusals[clusterId] = `offers none of ${spec.skus.join(', ')}`;
    } else if (!cluster.hasReported) {
      result.unknown.push(clusterId);
    } else {
      const fitting = wanted.filter((sku) => fitsEmpty(spec, sku, cluster.nodes, strategy));
      for (const sku of fitting) result.options.push({ clusterId, region, sku });
      if (fitting.length === 0) result.refusals[clusterId] = explainMisfit(spec, wanted, cluster.nodes);
    }
  }
  return result;
}

/** SKUs that a job may be placed as. */
export function wantedSkus(spec: JobSpec, known: readonly string[]): string[] {
  if (spec.milliGpus === 0) return [CPU_SKU];
  return spec.skus.length === 0 ? [...known] : spec.skus.filter((sku) => known.includes(sku));
}

function fitsEmpty(spec: JobSpec, sku: string, nodes: readonly NodeSpace[], strategy: PlacementStrategy): boolean {
  const scratch = nodes.map((node) => ({ ...node, gpus: node.gpus.map((gpu) => ({ ...gpu })) }));
  return placeGang(scratch, { shape: spec, taskCount: spec.taskCount, sku }, strategy) !== undefined;
}

function explainMisfit(spec: JobSpec, skus: readonly string[], nodes: readonly NodeSpace[]): string {
  if (nodes.length === 0) return 'has no nodes';
  const most = (of: (node: NodeSpace) => number) => Math.max(0, ...nodes.map(of));
  if (spec.milliGpus > 0) {
    const gpus = most((node) => Math.max(...skus.map((sku) => node.gpus.filter((gpu) => gpu.sku === sku).length)));
    if (gpus === 0) return `has no GPU of ${skus.join(', ')}`;
    if (gpus * MILLI_PER_GPU < spec.milliGpus) {
      return `a task needs ${spec.milliGpus / MILLI_PER_GPU} GPUs of one SKU on one node, the largest has ${gpus}`;
    }
  }
  const cpus = most((node) => node.freeMilliCpus);
  if (cpus < spec.milliCpus) return `a task needs ${spec.milliCpus} milli-CPUs, the largest node has ${cpus}`;
  const memory = most((node) => node.freeMemoryBytes);
  if (memory < spec.memoryBytes)
    return `a task needs ${spec.memoryBytes} bytes of memory, the largest node has ${memory}`;
  const fitsOnce = nodes.some((node) => skus.some((sku) => chooseDevices(node, spec, sku) !== undefined));
  return fitsOnce
    ? `${spec.taskCount} tasks of this size do not fit at the same time`
    : 'no node has enough GPUs, CPUs and memory together';
}
