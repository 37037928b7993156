import { type Instant, invariant } from '@suanli/kernel';

/**
 * Months and days as a bill counts them: in the account's zone, half-open (an instant belongs to exactly one day and one
 * month). Zones have a fixed offset, so every day is 24 hours and plain arithmetic is exact.
 */

/** A zone of fixed offset from UTC. */
export type Zone = { name: string; offsetMs: number };
/** A calendar month, `2026-02`. Text order is time order. */
export type Month = string;
/** A calendar day, `2026-02-28`. Text order is time order. */
export type Day = string;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const MAX_OFFSET_MS = 14 * HOUR_MS;

export const SHANGHAI: Zone = { name: 'Asia/Shanghai', offsetMs: 8 * HOUR_MS };
export const UTC: Zone = { name: 'UTC', offsetMs: 0 };

/** Zones with a name; every other fixed offset is written `+05:30`. Zones with summer time are not offered. */
const NAMED: ReadonlyMap<string, Zone> = new Map([
  ['Asia/Shanghai', SHANGHAI],
  ['Asia/Hong_Kong', { name: 'Asia/Hong_Kong', offsetMs: 8 * HOUR_MS }],
  ['Asia/Singapore', { name: 'Asia/Singapore', offsetMs: 8 * HOUR_MS }],
  ['Asia/Tokyo', { name: 'Asia/Tokyo', offsetMs: 9 * HOUR_MS }],
  ['UTC', UTC],
]);

/** Undefined when the text names no zone of fixed offset that is known here. */
export function parseZone(text: string): Zone | undefined {
  const named = NAMED.get(text);
  if (named !== undefined) return named;
  const found = /^([+-])(\d{2}):([0-5]\d)$/.exec(text);
  if (found === null) return undefined;
  const offsetMs = Number(found[2]) * HOUR_MS + Number(found[3]) * MINUTE_MS;
  if (offsetMs > MAX_OFFSET_MS) return undefined;
  return { name: text, offsetMs: found[1] === '-' ? -offsetMs : offsetMs };
}

export function monthOf(at: Instant, zone: Zone = SHANGHAI): Month {
  return dayOf(at, zone).slice(0, 7);
}

export function dayOf(at: Instant, zone: Zone = SHANGHAI): Day {
  return writeDay(civilOf(Math.floor((at + zone.offsetMs) / DAY_MS)));
}

/** The first instant of the month. */
export function startOfMonth(month: Month, zone: Zone = SHANGHAI): Instant {
  return startOfDay(`${month}-01`, zone);
}

/** The first instant after the month: the month has it not. */
export function endOfMonth(month: Month, zone: Zone = SHANGHAI): Instant {
  return startOfMonth(monthAfter(month), zone);
}

export function startOfDay(day: Day, zone: Zone = SHANGHAI): Instant {
  return epochDayOf(readDay(day)) * DAY_MS - zone.offsetMs;
}

/** The first instant after the day: the day has it not. */
export function endOfDay(day: Day, zone: Zone = SHANGHAI): Instant {
  return startOfDay(day, zone) + DAY_MS;
}

/** The first instant of the Monday that `at` is in the week of. */
export function startOfWeek(at: Instant, zone: Zone = SHANGHAI): Instant {
  const epochDay = Math.floor((at + zone.offsetMs) / DAY_MS);
  const sinceMonday = (((epochDay + EPOCH_WEEKDAY) % 7) + 7) % 7;
  return (epochDay - sinceMonday) * DAY_MS - zone.offsetMs;
}

/** The month `count` months later; earlier when negative. */
export function monthAfter(month: Month, count = 1): Month {
  const { year, month: number } = readDay(`${month}-01`);
  return writeDay(shiftMonths(year, number, count, 1)).slice(0, 7);
}

export function daysInMonth(month: Month): number {
  const { year, month: number } = readDay(`${month}-01`);
  return lastDayOf(year, number);
}

/** Every day of the month, in order. */
export function daysOfMonth(month: Month): Day[] {
  return Array.from({ length: daysInMonth(month) }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`);
}

/**
 * The same time of day `count` months after `anchor`, on the anchor's day of the month or the last day that the month
 * has: 31 January + 1 is the end of February, + 2 is 31 March. Always count from the anchor: counting on from a clipped
 * result would lose the day.
 */
export function addMonths(anchor: Instant, count: number, zone: Zone = SHANGHAI): Instant {
  invariant(Number.isSafeInteger(count), 'months are counted in whole numbers');
  const local = anchor + zone.offsetMs;
  const epochDay = Math.floor(local / DAY_MS);
  const { year, month, day } = civilOf(epochDay);
  const timeOfDayMs = local - epochDay * DAY_MS;
  return epochDayOf(shiftMonths(year, month, count, day)) * DAY_MS + timeOfDayMs - zone.offsetMs;
}

/** 29 February + 1 year is 28 February, + 4 years is 29 February. */
export function addYears(anchor: Instant, count: number, zone: Zone = SHANGHAI): Instant {
  return addMonths(anchor, 12 * count, zone);
}

/** Undefined unless the text is a month that exists, `2026-02`. */
export function parseMonth(text: string): Month | undefined {
  return parseDay(`${text}-01`)?.slice(0, 7);
}

/** Undefined unless the text is a day that exists: 29 February only in leap years. */
export function parseDay(text: string): Day | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (year < 1 || month < 1 || month > 12) return undefined;
  return day >= 1 && day <= lastDayOf(year, month) ? text : undefined;
}

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

type Civil = { year: number; month: number; day: number };

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
/** 1 January 1970 was a Thursday: the fourth day of a week that starts on Monday. */
const EPOCH_WEEKDAY = 3;
const DAYS_PER_ERA = 146_097;
const DAYS_FROM_ERA_TO_EPOCH = 719_468;

function lastDayOf(year: number, month: number): number {
  const length = MONTH_LENGTHS[month - 1];
  invariant(length !== undefined, `${month} is no month`);
  return month === 2 && isLeapYear(year) ? 29 : length;
}

function shiftMonths(year: number, month: number, count: number, day: number): Civil {
  const months = year * 12 + (month - 1) + count;
  const shifted = { year: Math.floor(months / 12), month: (((months % 12) + 12) % 12) + 1 };
  return { ...shifted, day: Math.min(day, lastDayOf(shifted.year, shifted.month)) };
}

function readDay(day: Day): Civil {
  const known = parseDay(day);
  invariant(known !== undefined, `${day} is no day of the calendar`);
  return { year: Number(known.slice(0, 4)), month: Number(known.slice(5, 7)), day: Number(known.slice(8, 10)) };
}

function writeDay({ year, month, day }: Civil): Day {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** Days since 1 January 1970 of a civil date: years begin in March, so that the leap day is the last of its year. */
function epochDayOf({ year, month, day }: Civil): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_FROM_ERA_TO_EPOCH;
}

function civilOf(epochDay: number): Civil {
  const shifted = epochDay + DAYS_FROM_ERA_TO_EPOCH;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
