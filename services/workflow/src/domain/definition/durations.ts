import { isObject, type Json } from '../json.ts';
import { compileExpression, isExpression, type Template } from './templates.ts';

/** Milliseconds, or an expression that gives a duration in one of its forms. */
export type Duration = { kind: 'fixed'; ms: number } | { kind: 'computed'; template: Template };

const UNIT_MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 } as const;
const ISO =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Reads `{seconds: 5}` or ISO 8601 `PT5S`. Undefined when it is neither, or is beyond `maxMs`. Years and months are
 * refused: they have no fixed length.
 */
export function parseDuration(value: Json | undefined, maxMs: number): number | undefined {
  const ms = typeof value === 'string' ? parseIso(value) : parseParts(value);
  return ms !== undefined && Number.isFinite(ms) && ms >= 0 && ms <= maxMs ? Math.round(ms) : undefined;
}

/** A duration of a definition: checked now when it is fixed, at run time when it is an expression. */
export function compileDuration(value: Json | undefined, maxMs: number): Duration | undefined {
  if (typeof value === 'string' && isExpression(value)) return { kind: 'computed', template: compileExpression(value) };
  const ms = parseDuration(value, maxMs);
  return ms === undefined ? undefined : { kind: 'fixed', ms };
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match || text === 'P' || text.endsWith('T')) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (
    (weeks * 7 + days) * UNIT_MS.days + hours * UNIT_MS.hours + minutes * UNIT_MS.minutes + seconds * UNIT_MS.seconds
  );
}

function parseParts(value: Json | undefined): number | undefined {
  if (!isObject(value) || Object.keys(value).length === 0) return undefined;
  let total = 0;
  for (const [unit, amount] of Object.entries(value)) {
    if (!isUnit(unit) || typeof amount !== 'number' || !Number.isInteger(amount)) return undefined;
    total += amount * UNIT_MS[unit];
  }
  return total;
}

function isUnit(unit: string): unit is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, unit);
}
