import { type Instant, toRfc3339 } from '@suanli/kernel';

/** An instant by what a clock on a wall in Shanghai shows: `2026-02-28T10:00:00`. */
export const shanghai = (text: string): Instant => Date.parse(`${text}+08:00`);
/** An instant by what a clock in Greenwich shows. */
export const greenwich = (text: string): Instant => Date.parse(`${text}Z`);
/** What a clock at this offset shows, as RFC 3339 without a zone. */
export const wallText = (at: Instant, offsetMs: number): string => toRfc3339(at + offsetMs).slice(0, -1);
