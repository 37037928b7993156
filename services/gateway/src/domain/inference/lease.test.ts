import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeMicros, isIdle, type Lease, whatItTakes } from './lease.ts';

const terms = { sliceMicros: 500n, lifeMs: 600_000, callMs: 120_000 };
const lease = (over: Partial<Lease> = {}): Lease => ({
  ...{
    holdId: 'hld_1',
    amountMicros: 1_000n,
    reservedMicros: 0n,
    spentMicros: 0n,
    expiresAt: 600_000,
    lastUsedAt: 0,
    lastUsageId: '',
  },
  ...over,
});

describe('whatItTakes', () => {
  it.each([
    [
      'a first call opens a lease of the usual size',
      undefined,
      10n,
      0,
      { kind: 'open', amountMicros: 500n, expiresAt: 600_000, leastAmountMicros: 10n },
    ],
    [
      'a call dearer than the usual size opens one of its own',
      undefined,
      900n,
      0,
      { kind: 'open', amountMicros: 900n, expiresAt: 600_000, leastAmountMicros: 900n },
    ],
    ['a call that fits asks for nothing', lease(), 1_000n, 0, { kind: 'covered' }],
    [
      'what other calls have reserved is not free',
      lease({ reservedMicros: 995n }),
      10n,
      0,
      { kind: 'extend', amountMicros: 1_505n, expiresAt: 600_000, leastAmountMicros: 1_005n },
    ],
    [
      'a lease near its end is made to last',
      lease(),
      10n,
      500_000,
      { kind: 'extend', amountMicros: 1_000n, expiresAt: 1_100_000, leastAmountMicros: 1_000n },
    ],
    [
      'an expired lease is not used again',
      lease(),
      10n,
      600_000,
      { kind: 'open', amountMicros: 500n, expiresAt: 1_200_000, leastAmountMicros: 10n },
    ],
  ] as const)('%s', (_story, held, want, now, need) => {
    expect(whatItTakes(held, want, terms, now)).toEqual(need);
  });

  it('never lets more be reserved than is held, whatever the state', () => {
    const amount = fc.bigInt({ min: 0n, max: 10_000n });
    fc.assert(
      fc.property(amount, amount, amount, amount, (amountMicros, reservedMicros, spentMicros, want) => {
        fc.pre(reservedMicros + spentMicros <= amountMicros);
        const held = lease({ amountMicros, reservedMicros, spentMicros });
        const need = whatItTakes(held, want, terms, 0);
        const after = need.kind === 'covered' ? held : { ...held, amountMicros: need.leastAmountMicros };
        expect(freeMicros(after) >= want).toBe(true);
      }),
    );
  });
});

describe('isIdle', () => {
  it('spares a lease that a call still uses', () => {
    expect(isIdle(lease({ reservedMicros: 1n }), 1_000, 999_999)).toBe(false);
    expect(isIdle(lease(), 1_000, 1_000)).toBe(true);
  });
});
