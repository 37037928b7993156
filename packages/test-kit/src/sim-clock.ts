import type { Clock, Instant } from '@suanli/kernel';

type Sleeper = { dueMs: number; order: number; wake: () => void };

/** 2026-01-01T00:00:00Z: a date that reads well in failures. */
const DEFAULT_START = Date.UTC(2026, 0, 1);

/** A clock that stands still until the test moves it. Sleepers wake in the order of their time, then of their call. */
export class SimClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(start: Instant = DEFAULT_START) {
    this.#nowMs = start;
  }

  now(): Instant {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Moves time on. Each sleeper sees its own moment, and may sleep again within the same advance. */
  async advance(byMs: number): Promise<void> {
    const targetMs = this.#elapsedMs + byMs;
    await settle();
    for (let next = this.#nextDue(targetMs); next !== undefined; next = this.#nextDue(targetMs)) {
      this.#moveTo(next.dueMs);
      next.wake();
      await settle();
    }
    this.#moveTo(targetMs);
    await settle();
  }

  /** Moves time on to the next sleeper and wakes it. False when nobody sleeps. */
  async advanceToNext(): Promise<boolean> {
    await settle();
    const next = this.#nextDue(Number.POSITIVE_INFINITY);
    if (next === undefined) return false;
    await this.advance(next.dueMs - this.#elapsedMs);
    return true;
  }

  /** A correction of the wall clock; durations do not notice. */
  step(byMs: number): void {
    this.#nowMs += byMs;
  }

  sleeperCount(): number {
    return this.#sleepers.length;
  }

  #nextDue(untilMs: number): Sleeper | undefined {
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }

  #moveTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}

/** Lets everything run that waits for no timer and no I/O. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
