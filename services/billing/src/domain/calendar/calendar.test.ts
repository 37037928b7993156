import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greenwich, shanghai, wallText } from '../../testing/dates.ts';
import {
  addMonths,
  addYears,
  DAY_MS,
  dayOf,
  daysInMonth,
  daysOfMonth,
  endOfDay,
  endOfMonth,
  HOUR_MS,
  monthAfter,
  monthOf,
  parseDay,
  parseMonth,
  parseZone,
  SHANGHAI,
  startOfDay,
  startOfMonth,
  startOfWeek,
  UTC,
} from './calendar.ts';

const instants = fc.integer({ min: greenwich('1970-01-02T00:00:00'), max: greenwich('2399-12-30T00:00:00') });
const zones = fc.integer({ min: -14 * 4, max: 14 * 4 }).map((quarters) => ({
  name: 'any',
  offsetMs: quarters * 15 * 60_000,
}));

describe('months and days', () => {
  it('are those of the calendar, in any zone', () => {
    fc.assert(
      fc.property(instants, zones, (at, zone) => {
        const wall = wallText(at, zone.offsetMs);
        expect([monthOf(at, zone), dayOf(at, zone)]).toEqual([wall.slice(0, 7), wall.slice(0, 10)]);
      }),
    );
  });

  it('change at midnight in Shanghai, not at midnight in London', () => {
    const lastMs = greenwich('2026-01-31T16:00:00') - 1;
    expect([dayOf(lastMs), monthOf(lastMs)]).toEqual(['2026-01-31', '2026-01']);
    expect([dayOf(lastMs + 1), monthOf(lastMs + 1)]).toEqual(['2026-02-01', '2026-02']);
    expect([dayOf(lastMs, UTC), monthOf(lastMs + 1, UTC)]).toEqual(['2026-01-31', '2026-01']);
  });

  it('have every instant once: a boundary belongs to what begins there, never to what ends', () => {
    fc.assert(
      fc.property(instants, zones, (at, zone) => {
        const [day, month] = [dayOf(at, zone), monthOf(at, zone)];
        expect(startOfDay(day, zone) <= at && at < endOfDay(day, zone)).toBe(true);
        expect(startOfMonth(month, zone) <= at && at < endOfMonth(month, zone)).toBe(true);
        expect(dayOf(endOfDay(day, zone), zone) > day).toBe(true);
        expect(monthOf(endOfMonth(month, zone), zone)).toBe(monthAfter(month));
      }),
    );
  });

  it('of a month are 28 to 31, 29 in a February of a leap year', () => {
    expect(['2026-02', '2028-02', '2100-02', '2000-02', '2026-12'].map(daysInMonth)).toEqual([28, 29, 28, 29, 31]);
    expect(daysOfMonth('2028-02').at(-1)).toBe('2028-02-29');
    expect(endOfMonth('2028-02') - startOfMonth('2028-02')).toBe(29 * DAY_MS);
  });

  it('follow each other over the end of a year, both ways', () => {
    expect([monthAfter('2026-12'), monthAfter('2026-01', -1), monthAfter('2026-01', 25)]).toEqual([
      '2027-01',
      '2025-12',
      '2028-02',
    ]);
  });

  it('are refused when the calendar has none', () => {
    expect(['2026-00', '2026-13', '2026-1', '', '26-01'].map(parseMonth)).toEqual(Array(5).fill(undefined));
    expect(['2026-02-29', '2026-04-31', '2026-01-00', '0000-01-01'].map(parseDay)).toEqual(Array(4).fill(undefined));
    expect([parseMonth('2026-12'), parseDay('2028-02-29')]).toEqual(['2026-12', '2028-02-29']);
  });
});

describe('addMonths', () => {
  it.each([
    ['2026-01-31T10:00:00', 1, '2026-02-28T10:00:00'],
    ['2028-01-31T10:00:00', 1, '2028-02-29T10:00:00'],
    ['2026-01-31T10:00:00', 2, '2026-03-31T10:00:00'],
    ['2026-01-31T10:00:00', 3, '2026-04-30T10:00:00'],
    ['2026-01-31T00:00:00', 13, '2027-02-28T00:00:00'],
    ['2026-03-31T23:59:59.999', -1, '2026-02-28T23:59:59.999'],
    ['2026-12-15T08:00:00', 1, '2027-01-15T08:00:00'],
  ])('%s + %i months is %s', (anchor, count, expected) => {
    expect(addMonths(shanghai(anchor), count)).toBe(shanghai(expected));
  });

  it('keeps the anchor: a period never drifts to an earlier day because one month was short', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 60 }), zones, (anchor, count, zone) => {
        const later = addMonths(anchor, count, zone);
        const wanted = Number(dayOf(anchor, zone).slice(8));
        expect(monthOf(later, zone)).toBe(monthAfter(monthOf(anchor, zone), count));
        expect(Number(dayOf(later, zone).slice(8))).toBe(Math.min(wanted, daysInMonth(monthOf(later, zone))));
        expect(addMonths(anchor, count + 1, zone)).toBeGreaterThan(later);
      }),
    );
  });

  it('of years keeps the leap day where there is one', () => {
    const leapDay = shanghai('2028-02-29T12:00:00');
    expect(addYears(leapDay, 1)).toBe(shanghai('2029-02-28T12:00:00'));
    expect(addYears(leapDay, 4)).toBe(shanghai('2032-02-29T12:00:00'));
  });
});

describe('zones', () => {
  it('have a name or a fixed offset', () => {
    expect(parseZone('Asia/Shanghai')).toEqual(SHANGHAI);
    expect(parseZone('+05:30')?.offsetMs).toBe(5.5 * HOUR_MS);
    expect(parseZone('-03:00')?.offsetMs).toBe(-3 * HOUR_MS);
    expect(['Europe/Berlin', '+15:00', '+05:60', '8', ''].map(parseZone)).toEqual(Array(5).fill(undefined));
  });

  it('that change put the same instant in another month, and lose or double none', () => {
    const at = shanghai('2026-03-01T07:59:59');
    expect([monthOf(at, SHANGHAI), monthOf(at, UTC)]).toEqual(['2026-03', '2026-02']);
    expect(endOfMonth('2026-02', UTC) - endOfMonth('2026-02', SHANGHAI)).toBe(8 * HOUR_MS);
  });
});

describe('weeks', () => {
  it('begin on Monday at midnight', () => {
    expect(startOfWeek(shanghai('2026-03-01T10:00:00'))).toBe(shanghai('2026-02-23T00:00:00'));
    expect(startOfWeek(shanghai('2026-02-23T00:00:00'))).toBe(shanghai('2026-02-23T00:00:00'));
  });
});
