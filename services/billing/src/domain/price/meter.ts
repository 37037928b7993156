/**
 * What a meter counts. `timed` meters grow evenly while something runs, so a window of theirs can be cut at any instant;
 * the others count things that happen at the beginning of their window and cannot be cut.
 */
export type Meter = { name: string; kind: 'timed' | 'counted'; baseUnit: string };

/** What a month fell short of its commitment. A promise is kept whole: discounts of everything do not reduce it. */
export const MINIMUM_COMMIT = 'minimum_commit';

/** The meters that the platform has. A price list names no other, so that a typing error cannot hide a price. */
export const METERS: readonly Meter[] = [
  { name: 'gpu_time', kind: 'timed', baseUnit: 'milli-GPU-milliseconds' },
  { name: 'cpu_time', kind: 'timed', baseUnit: 'milli-CPU-milliseconds' },
  { name: 'storage_time', kind: 'timed', baseUnit: 'megabyte-milliseconds: one GB-hour is 3,600,000,000 of them' },
  { name: 'tokens_input', kind: 'counted', baseUnit: 'tokens' },
  { name: 'tokens_input_cached', kind: 'counted', baseUnit: 'tokens' },
  { name: 'tokens_cache_write', kind: 'counted', baseUnit: 'tokens' },
  { name: 'tokens_output', kind: 'counted', baseUnit: 'tokens' },
  { name: 'tokens_reasoning', kind: 'counted', baseUnit: 'tokens' },
  { name: 'requests', kind: 'counted', baseUnit: 'requests' },
  { name: 'items', kind: 'counted', baseUnit: 'things sold at a fixed price, one by one' },
  { name: MINIMUM_COMMIT, kind: 'counted', baseUnit: 'micro-yuan that a month fell short of its commitment' },
];

/** A meter that is not in the table is timed when its name says so: events may be newer than this table. */
export function isTimed(meter: string): boolean {
  return meter.endsWith('_time');
}
