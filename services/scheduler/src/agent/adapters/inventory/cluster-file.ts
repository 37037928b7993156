import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ClusterNode } from '../nats/mapping.ts';

const nodeSchema = z.strictObject({
  node_id: z.string().min(1),
  milli_cpus: z.int().positive(),
  memory_bytes: z.int().positive(),
  labels: z.record(z.string(), z.string()).default({}),
  gpus: z.strictObject({ count: z.int().min(0).max(64), model: z.string(), memory_bytes: z.int().positive() }),
});
const clusterSchema = z.strictObject({ nodes: z.union([z.literal('nvidia-smi'), z.array(nodeSchema).min(1)]) });

/**
 * The nodes of a cluster as its file declares them, or `nvidia-smi` when it asks for the devices of this machine.
 * Throws with every problem of the file.
 */
export async function readClusterFile(path: string): Promise<ClusterNode[] | 'nvidia-smi'> {
  const { nodes } = clusterSchema.parse(parse(await readFile(path, 'utf8')));
  if (nodes === 'nvidia-smi') return nodes;
  let deviceIndex = 0;
  return nodes.map(({ node_id: nodeId, milli_cpus: milliCpus, memory_bytes: memoryBytes, labels, gpus }) => ({
    nodeId,
    milliCpus,
    memoryBytes,
    labels,
    gpus: Array.from({ length: gpus.count }, (_, i) => ({
      gpuId: `${nodeId}-gpu${i}`,
      deviceIndex: deviceIndex++,
      model: gpus.model,
      memoryBytes: gpus.memory_bytes,
      isHealthy: true,
    })),
  }));
}
