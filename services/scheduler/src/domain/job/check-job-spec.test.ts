import { describe, expect, it } from 'vitest';
import { aSpec } from '../../testing/builders.ts';
import { checkJobSpec } from './check-job-spec.ts';
import type { JobSpec } from './job-spec.ts';

const mount = { mode: 'in', path: '/data', repositoryId: 'rep_1', revision: '' } as const;

describe('checkJobSpec', () => {
  it('accepts a plain job, a fraction of a GPU, whole GPUs and none', () => {
    const specs = [{}, { milliGpus: 250 }, { milliGpus: 2000 }, { milliGpus: 0 }, { mounts: [mount] }];
    expect(specs.map((fields) => checkJobSpec(aSpec(fields)))).toEqual(specs.map(() => undefined));
  });

  it.each<[string, Partial<JobSpec>]>([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(101) }],
    ['command', { command: [] }],
    ['command', { command: [''] }],
    ['command', { command: ['a\0b'] }],
    ['env', { env: { 'A-B': '1' } }],
    ['env', { env: { SUANLI_JOB_ID: 'mine' } }],
    ['env', { env: { CUDA_VISIBLE_DEVICES: '0' } }],
    ['task_count', { taskCount: 0 }],
    ['milli_gpus', { milliGpus: -1 }],
    ['milli_gpus', { milliGpus: 1500 }],
    ['milli_gpus', { milliGpus: Number.MAX_SAFE_INTEGER }],
    ['milli_cpus', { milliCpus: 0 }],
    ['memory_bytes', { memoryBytes: 0 }],
    ['memory_bytes', { memoryBytes: 2 ** 60 }],
    ['skus', { skus: ['a', 'a'] }],
    ['skus', { milliGpus: 0, skus: ['gpu.big'] }],
    ['max_run_seconds', { maxRunSeconds: 0 }],
    ['max_run_seconds', { maxRunSeconds: 604_801 }],
    ['max_requeues', { maxRequeues: 11 }],
    ['grace_seconds', { graceSeconds: 301 }],
    ['priority', { priority: 101 }],
    ['on_disconnect', { onDisconnect: 'maybe' as 'kill' }],
    ['mounts[0].path', { mounts: [{ ...mount, path: 'data' }] }],
    ['mounts[0].path', { mounts: [{ ...mount, path: '/a/../b' }] }],
    ['mounts[1].path', { mounts: [mount, { ...mount, path: '/data/deep' }] }],
    ['mounts[0].revision', { mounts: [{ ...mount, mode: 'out', revision: 'rev_1' }] }],
    ['mounts[0].mode', { mounts: [{ ...mount, mode: 'both' as 'in' }] }],
  ])('names %s for %j', (field, fields) => {
    expect(checkJobSpec(aSpec(fields))?.field).toBe(field);
  });
});
