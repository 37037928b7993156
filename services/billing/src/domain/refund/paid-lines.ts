import { invariant, type Micros } from '@suanli/kernel';
import { type BillLine, paidMicros, type PeriodTotal, totalKeyOf, totalKeyOfLine } from '../rating/bill-line.ts';

/** Bill lines with the totals that they share, while money of them is given back: what is left, and of what it was paid. */
export class PaidLines {
  readonly #lines: Map<string, BillLine>;
  readonly #totals: Map<string, PeriodTotal>;

  constructor({ lines, totals }: { lines: readonly BillLine[]; totals: readonly PeriodTotal[] }) {
    this.#lines = new Map(lines.map((line) => [line.id, line]));
    this.#totals = new Map(totals.map((total) => [totalKeyOf(total), total]));
  }

  find(lineId: string): BillLine | undefined {
    return this.#lines.get(lineId);
  }

  /** What may still come back of a line: of one that shares a total, no more than is left of that either. */
  leftMicros(lineId: string): Micros {
    const line = this.#lines.get(lineId);
    if (line === undefined) return 0n;
    const total = this.#totalOf(line);
    const left = [line, ...(total === undefined ? [] : [total])].map(paidMicros);
    return left.reduce((least, one) => (one < least ? one : least));
  }

  /** What it was paid with: what shares a total was paid together. */
  funds(lineId: string): { references: string[]; paidMicros: Micros } {
    const line = this.#known(lineId);
    const total = this.#totalOf(line);
    if (total === undefined) return { references: [lineId], paidMicros: paidMicros(line) };
    return { references: [totalKeyOf(total), lineId], paidMicros: paidMicros(total) };
  }

  /** Remembers on the line, and on its total, what came back: rating gives it back no second time. */
  returned(lineId: string, by: 'refund' | 'credit', amountMicros: Micros): void {
    const line = this.#known(lineId);
    const total = this.#totalOf(line);
    const raised = <Sums extends BillLine | PeriodTotal>(sums: Sums): Sums =>
      by === 'refund'
        ? { ...sums, refundedMicros: sums.refundedMicros + amountMicros }
        : { ...sums, creditedMicros: sums.creditedMicros + amountMicros };
    this.#lines.set(lineId, raised(line));
    if (total !== undefined) this.#totals.set(totalKeyOf(total), raised(total));
  }

  get lines(): BillLine[] {
    return [...this.#lines.values()];
  }

  get totals(): PeriodTotal[] {
    return [...this.#totals.values()];
  }

  #totalOf(line: BillLine): PeriodTotal | undefined {
    const key = totalKeyOfLine(line);
    return key === undefined ? undefined : this.#totals.get(key);
  }

  #known(lineId: string): BillLine {
    const line = this.#lines.get(lineId);
    invariant(line !== undefined, `bill line ${lineId} was read`);
    return line;
  }
}
