import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shanghai } from '../../testing/dates.ts';
import { draftDocuments, type OpenItem } from './invoice.ts';
import { documentNumber, seriesOf } from './series.ts';

const days = { from: '2026-02-01', to: '2026-02-28' };
const item = fc.record({
  id: fc.uuid(),
  amountMicros: fc.bigInt({ min: -1_000n, max: 1_000n }),
  day: fc.constantFrom('2026-01-31', '2026-02-01', '2026-02-28'),
  original: fc.constantFrom(undefined, 'inv_a', 'inv_b'),
});

function openItem(of: { id: string; amountMicros: bigint; day: string; original: string | undefined }): OpenItem {
  const isBack = of.amountMicros < 0n;
  return {
    kind: isBack ? 'refund' : 'usage',
    referenceId: of.id,
    day: of.day,
    title: '',
    resourceKind: '',
    resourceId: '',
    meter: '',
    region: '',
    item: '',
    quantity: 1n,
    amountMicros: of.amountMicros,
    itemIds: [of.id],
    ...(isBack && of.original !== undefined && { originalId: of.original }),
  };
}

describe('draftDocuments', () => {
  it('lists each item at most once, sums to its lines, and never falls below zero', () => {
    fc.assert(
      fc.property(fc.uniqueArray(item, { selector: (one) => one.id, maxLength: 30 }), (rows) => {
        const drafts = draftDocuments(rows.map(openItem), days);
        const listed = drafts.flatMap((draft) => draft.itemIds);
        expect(new Set(listed).size).toBe(listed.length);
        for (const { lines, totalMicros } of drafts) {
          expect(totalMicros).toBe(lines.reduce((sum, line) => sum + line.amountMicros, 0n));
          expect(totalMicros >= 0n).toBe(true);
        }
        const charged = rows.filter((row) => row.amountMicros >= 0n).map((row) => row.id);
        expect(listed).toEqual(expect.arrayContaining(charged));
        const all = drafts.reduce(
          (sum, one) => sum + (one.kind === 'invoice' ? one.totalMicros : -one.totalMicros),
          0n,
        );
        const amounts = new Map(rows.map((row) => [row.id, row.amountMicros]));
        expect(all).toBe(listed.reduce((sum, id) => sum + (amounts.get(id) ?? 0n), 0n));
      }),
    );
  });

  it('marks what comes from a day before its own as late', () => {
    const rows = ['2026-01-31', '2026-02-01'].map((day, i) =>
      openItem({ id: `x${i}`, amountMicros: 1n, day, original: undefined }),
    );
    expect(draftDocuments(rows, days)[0]?.lines.map((line) => line.isLate)).toEqual([true, false]);
  });

  it('makes nothing of nothing', () => expect(draftDocuments([], days)).toEqual([]));
});

describe('numbers of documents', () => {
  it('count in the year of Shanghai, each kind in its own series', () => {
    const newYear = shanghai('2027-01-01T00:00:00');
    expect(documentNumber(seriesOf('invoice', newYear - 1), 41)).toBe('SL-2026-000041');
    expect(documentNumber(seriesOf('credit_note', newYear), 1)).toBe('SLC-2027-000001');
  });
});
