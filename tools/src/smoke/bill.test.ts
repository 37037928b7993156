import { describe, expect, it } from 'vitest';
import { expectedCharge } from './bill.ts';
import type { AttemptView, Job, Price } from './rest/views.ts';

const prices: Price[] = [
  { id: 'p1', meter: 'gpu_time', region: 'east', item: 'gpu.a', amount_micros: '12800000', per_quantity: '3600000000' },
  { id: 'p2', meter: 'gpu_time', region: 'west', item: 'gpu.b', amount_micros: '6900000', per_quantity: '3600000000' },
];

const attempt = (region: string, sku: string, ...ranForMs: number[]): AttemptView => ({
  epoch: 1,
  region,
  sku,
  phase: 'succeeded',
  charged_ms: String(ranForMs.reduce((sum, ms) => sum + ms, 0)),
  hold_id: 'hold_1',
  tasks: ranForMs.map((ms, index) => ({
    index,
    phase: 'succeeded',
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: new Date(Date.parse('2026-01-01T00:00:00.000Z') + ms).toISOString(),
  })),
});
const job = (...attempts: AttemptView[]): Job => ({
  id: 'job_1',
  spec: { name: 'train', milli_gpus: 1000, milli_cpus: 1000 },
  phase: 'succeeded',
  epoch: 1,
  attempts,
  version: '9',
});

describe('the expected charge', () => {
  it('is milliseconds × milli-GPUs × price, rounded down', () => {
    expect(expectedCharge(job(attempt('east', 'gpu.a', 1_001)), prices)).toBe(3_559n);
  });

  it('is rounded once for all the time under one price', () => {
    const twice = job(attempt('east', 'gpu.a', 1_001), attempt('east', 'gpu.a', 1_001));
    expect(expectedCharge(twice, prices)).toBe(7_118n);
    expect(expectedCharge(job(attempt('east', 'gpu.a', 100, 100, 100)), prices)).toBe(1_066n);
  });

  it('prices each region by itself', () => {
    const moved = job(attempt('east', 'gpu.a', 3_600_000), attempt('west', 'gpu.b', 3_600_000));
    expect(expectedCharge(moved, prices)).toBe(12_800_000n + 6_900_000n);
  });

  it('refuses a job whose charged time is not what its timestamps say', () => {
    const wrong = { ...attempt('east', 'gpu.a', 1_000), charged_ms: '1001' };
    expect(() => expectedCharge(job(wrong), prices)).toThrow('charged_ms 1001, its timestamps 1000');
  });
});
