import { type Instant, invariant } from '@suanli/kernel';
import {
  DAY_MS,
  dayOf,
  endOfDay,
  endOfMonth,
  monthOf,
  parseZone,
  startOfDay,
  startOfMonth,
  startOfWeek,
  type Zone,
} from '../calendar/calendar.ts';
import type { BudgetCounter, BudgetWindow } from './budget.ts';

/** The window that `at` is in: from its first instant up to, not including, its end. */
export function windowAt(window: BudgetWindow, zoneName: string, at: Instant): { startsAt: Instant; endsAt?: Instant } {
  const zone = zoneOf(zoneName);
  switch (window) {
    case 'day': {
      const day = dayOf(at, zone);
      return { startsAt: startOfDay(day, zone), endsAt: endOfDay(day, zone) };
    }
    case 'week': {
      const startsAt = startOfWeek(at, zone);
      return { startsAt, endsAt: startsAt + 7 * DAY_MS };
    }
    case 'month': {
      const month = monthOf(at, zone);
      return { startsAt: startOfMonth(month, zone), endsAt: endOfMonth(month, zone) };
    }
    case 'total':
      return { startsAt: 0 };
  }
}

/** The counter of a window in which nothing was charged yet. */
export function emptyCounter(budgetId: string, window: BudgetWindow, zone: string, now: Instant): BudgetCounter {
  return { budgetId, window, ...windowAt(window, zone, now), spentMicros: 0n, toldPercents: [] };
}

function zoneOf(name: string): Zone {
  const zone = parseZone(name);
  invariant(zone !== undefined, `zone ${name} was checked when the budget was made`);
  return zone;
}
