import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GENESIS_HASH, type PlacedTransfer, sealTransfers } from './seal.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const aTransfer = (position: bigint, changes: Partial<PlacedTransfer> = {}): PlacedTransfer => ({
  position,
  id: `trf_${position}`,
  kind: 'post',
  code: 'movement',
  fromAccountId: 'wal_a',
  toAccountId: 'wal_b',
  amountMicros: 7n,
  reference: 'test',
  createdAt: 0,
  ...changes,
});

const aPart = fc.record({ lotId: fc.string(), amountMicros: fc.bigInt({ min: 1n, max: 7n }) });

describe('a seal', () => {
  it('names the one before it, and the first names none', () => {
    const first = sealTransfers(undefined, [aTransfer(1n), aTransfer(3n)], { digest, now: 5 });
    expect(first).toMatchObject({ number: 1n, firstPosition: 1n, lastPosition: 3n, transferCount: 2, sealedAt: 5 });
    expect(first.previousHash).toBe(GENESIS_HASH);
    expect(sealTransfers(first, [aTransfer(4n)], { digest, now: 6 }).previousHash).toBe(first.hash);
  });

  it('is another one whatever is changed in any of its transfers', () => {
    const honest = sealTransfers(undefined, [aTransfer(1n), aTransfer(2n)], { digest, now: 0 }).hash;
    const forgery = fc.oneof(
      fc.record({ amountMicros: fc.bigInt({ min: 8n, max: 10n ** 15n }) }),
      fc.record({ toAccountId: fc.string().filter((id) => id !== 'wal_b') }),
      fc.record({ reference: fc.string().filter((text) => text !== 'test') }),
      fc.record({ createdAt: fc.integer({ min: 1 }) }),
      fc.record({ holdId: fc.string() }),
      fc.record({ lotParts: fc.array(aPart, { minLength: 1 }) }),
    );
    fc.assert(
      fc.property(forgery, fc.boolean(), (changes, isFirst) => {
        const transfers = [aTransfer(1n, isFirst ? changes : {}), aTransfer(2n, isFirst ? {} : changes)] as const;
        expect(sealTransfers(undefined, [...transfers], { digest, now: 0 }).hash).not.toBe(honest);
      }),
    );
  });

  it('covers which lots were moved and how much of each, in whatever order they were read', () => {
    const lotParts = [
      { lotId: 'lot_b', amountMicros: 3n },
      { lotId: 'lot_a', amountMicros: 2n },
    ];
    const hashOf = (parts: typeof lotParts) =>
      sealTransfers(undefined, [aTransfer(1n, { lotParts: parts })], { digest, now: 0 }).hash;
    const honest = hashOf(lotParts);
    expect(hashOf(lotParts.toReversed())).toBe(honest);
    expect(hashOf(lotParts.slice(1))).not.toBe(honest);
    expect(hashOf(lotParts.map((part) => ({ ...part, amountMicros: part.amountMicros + 1n })))).not.toBe(honest);
    expect(hashOf(lotParts.map((part, at) => ({ ...part, lotId: `lot_${at}` })))).not.toBe(honest);
  });
});
