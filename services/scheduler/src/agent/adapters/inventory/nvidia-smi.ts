import { execFile } from 'node:child_process';
import { cpus, hostname, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { ClusterNode } from '../nats/mapping.ts';

const QUERY = 'uuid,index,name,memory.total';
const TIMEOUT_MS = 10_000;
const MIB = 1024 ** 2;

/** This machine as one node, with the GPUs that the NVIDIA driver shows. Throws when there is no driver. */
export async function readNvidiaSmi(): Promise<ClusterNode[]> {
  const args = [`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits'];
  const { stdout } = await promisify(execFile)('nvidia-smi', args, { timeout: TIMEOUT_MS });
  const gpus = parseNvidiaSmi(stdout);
  return [{ nodeId: hostname(), milliCpus: cpus().length * 1000, memoryBytes: totalmem(), labels: {}, gpus }];
}

/** One line a device: `GPU-5f…, 0, NVIDIA A100-SXM4-80GB, 81920`. Lines of another form are not devices. */
export function parseNvidiaSmi(csv: string): ClusterNode['gpus'] {
  return csv.split('\n').flatMap((line) => {
    const [gpuId, index, name, memoryMib] = line.split(',').map((field) => field.trim());
    if (!gpuId?.startsWith('GPU-') || index === undefined || name === undefined || memoryMib === undefined) return [];
    const model = name.replace(/^NVIDIA /, '');
    return [{ gpuId, deviceIndex: Number(index), model, memoryBytes: Number(memoryMib) * MIB, isHealthy: true }];
  });
}
