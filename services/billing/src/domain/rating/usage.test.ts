import { describe, expect, it } from 'vitest';
import { aTenantPath, aUsage } from '../../testing/builders.ts';
import { factKey, mergedReadings, tellsTheSame } from './usage.ts';

describe('usage', () => {
  it('counts each meter once and drops empty readings', () => {
    const readings = [
      { meter: 'gpu_time', quantity: 0n },
      { meter: 'cpu_time', quantity: 2n },
      { meter: 'cpu_time', quantity: 3n },
    ];
    expect(mergedReadings(readings)).toEqual([{ meter: 'cpu_time', quantity: 5n }]);
  });

  it('is the same fact under another id, and another fact at another time, epoch or account', () => {
    const usage = aUsage();
    expect(factKey(aUsage({ usageId: 'use_2' }))).toBe(factKey(usage));
    const others = [{ to: usage.to + 1 }, { source: { ...usage.source, epoch: 2 } }, { tenant: aTenantPath('acc_2') }];
    for (const changes of others) expect(factKey(aUsage(changes))).not.toBe(factKey(usage));
  });

  it('contradicts itself when the same id tells another quantity', () => {
    expect(tellsTheSame(aUsage(), aUsage({ isFinal: true }))).toBe(true);
    expect(tellsTheSame(aUsage(), aUsage({ readings: [{ meter: 'gpu_time', quantity: 4n }] }))).toBe(false);
  });
});
