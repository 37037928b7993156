import { describe, expect, it } from 'vitest';
import { parseNvidiaSmi } from './nvidia-smi.ts';

describe('parseNvidiaSmi', () => {
  it('reads one device a line, memory in bytes', () => {
    const csv = 'GPU-5f1c, 0, NVIDIA A100-SXM4-80GB, 81920\nGPU-77aa, 1, NVIDIA L40S, 46068\n';
    expect(parseNvidiaSmi(csv)).toEqual([
      { gpuId: 'GPU-5f1c', deviceIndex: 0, model: 'A100-SXM4-80GB', memoryBytes: 85_899_345_920, isHealthy: true },
      { gpuId: 'GPU-77aa', deviceIndex: 1, model: 'L40S', memoryBytes: 48_305_799_168, isHealthy: true },
    ]);
  });

  it('takes no message of the driver for a device', () => {
    expect(parseNvidiaSmi('No devices were found\n\n')).toEqual([]);
  });
});
