import type { Instant, Micros } from '@suanli/kernel';
import type { Day } from '../calendar/calendar.ts';
import { type Charge, ownMicros } from './charge.ts';
import type { Usage } from './usage.ts';

/** An event as billing knows it. */
export type KnownUsage = {
  usage: Usage;
  state: 'rated' | 'parked';
  /** The first event that told the fact. */
  factId: string;
  /** The event that corrected this one. */
  supersededBy?: string;
  revision: number;
};

/** What of a fact is charged on one line and day now, over all corrections so far. */
export type ChargedPart = {
  factId: string;
  billLineId: string;
  day: Day;
  meter: string;
  quantity: bigint;
  /** What it costs the customer: all but what the platform bore. */
  ownMicros: Micros;
  /** What credits for unusable time gave back of it, less what is void since. */
  creditedMicros: Micros;
  from: Instant;
  to: Instant;
};

/** The facts that a batch knows: events before it, and what the batch itself adds. */
export class Facts {
  readonly #known: Map<string, KnownUsage>;
  readonly #parts = new Map<string, Map<string, ChargedPart>>();

  constructor(known: readonly KnownUsage[], parts: readonly ChargedPart[]) {
    this.#known = new Map(known.map((one) => [one.usage.usageId, one]));
    for (const part of parts) this.#partsOf(part.factId).set(partKey(part), part);
  }

  find(usageId: string): KnownUsage | undefined {
    return this.#known.get(usageId);
  }

  charged(factId: string): ChargedPart[] {
    return [...this.#partsOf(factId).values()].filter((part) => part.quantity !== 0n);
  }

  /** Remembers an event that was rated, what it charged, and which event it took the place of. */
  rated(known: KnownUsage, charges: readonly Charge[]): void {
    this.#known.set(known.usage.usageId, known);
    const corrected = this.#known.get(known.usage.correctsUsageId ?? '');
    if (corrected !== undefined) {
      this.#known.set(corrected.usage.usageId, { ...corrected, supersededBy: known.usage.usageId });
    }
    const parts = this.#partsOf(known.factId);
    for (const charge of charges) {
      const part = partOf(charge, known.factId);
      const before = parts.get(partKey(part));
      parts.set(partKey(part), before === undefined ? part : sumOfParts(before, part));
    }
  }

  #partsOf(factId: string): Map<string, ChargedPart> {
    const known = this.#parts.get(factId);
    if (known !== undefined) return known;
    const empty = new Map<string, ChargedPart>();
    this.#parts.set(factId, empty);
    return empty;
  }
}

export function partOf(charge: Charge, factId: string): ChargedPart {
  const { billLineId, day, meter, quantity, usageFrom: from, usageTo: to, creditedMicros } = charge;
  return { factId, billLineId, day, meter, quantity, ownMicros: ownMicros(charge), creditedMicros, from, to };
}

/** The window is that of the later one. */
export function sumOfParts(before: ChargedPart, part: ChargedPart): ChargedPart {
  return {
    ...part,
    quantity: before.quantity + part.quantity,
    ownMicros: before.ownMicros + part.ownMicros,
    creditedMicros: before.creditedMicros + part.creditedMicros,
  };
}

function partKey({ billLineId, day }: { billLineId: string; day: Day }): string {
  return `${billLineId} ${day}`;
}
