import { describe, expect, it } from 'vitest';
import { aTenantPath, aUsage } from '../../testing/builders.ts';
import { mergedReadings, tellsTheSame, type Usage } from './usage.ts';

describe('usage', () => {
  it('counts each meter once and drops empty readings', () => {
    const readings = [
      { meter: 'gpu_time', quantity: 0n },
      { meter: 'cpu_time', quantity: 2n },
      { meter: 'cpu_time', quantity: 3n },
    ];
    expect(mergedReadings(readings)).toEqual([{ meter: 'cpu_time', quantity: 5n }]);
  });

  it('contradicts itself when the same id tells another quantity, window, epoch or account', () => {
    expect(tellsTheSame(aUsage(), aUsage({ isFinal: true }))).toBe(true);
    const usage = aUsage();
    const others: Partial<Usage>[] = [
      { readings: [{ meter: 'gpu_time', quantity: 4n }] },
      { to: usage.to + 1 },
      { source: { ...usage.source, epoch: 2 } },
      { tenant: aTenantPath('acc_2') },
    ];
    for (const changes of others) expect(tellsTheSame(usage, aUsage(changes))).toBe(false);
  });
});
