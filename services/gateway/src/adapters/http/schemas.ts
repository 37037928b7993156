import { MAX_MICROS, parseMicros, toRfc3339 } from '@suanli/kernel';
import { z } from 'zod';
import { MAX_CURSOR_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS, PAGE_DEFAULT, PAGE_MAX } from './limits.ts';

/** Building blocks of the REST schemas. Objects that come in are strict: a field nobody knows is a mistake. */

/** Money goes out and comes in as a decimal string of micro-units: no reader may round it. */
export const micros = z
  .string()
  .regex(/^-?[0-9]{1,19}$/)
  .meta({ description: 'Micro-yuan: 1 CNY = 1000000', example: '2500000' });

/** A positive amount of money in a body. */
export const microsIn = z
  .string()
  .refine((text) => (parseMicros(text) ?? 0n) > 0n, `must be a whole number of micro-yuan from "1" to "${MAX_MICROS}"`)
  .transform((text) => BigInt(text))
  .meta({ description: 'Micro-yuan: 1 CNY = 1000000', example: '100000000' });

export const currency = z.string().meta({ description: 'ISO 4217', example: 'CNY' });
export const instant = z.string().meta({ description: 'RFC 3339, UTC', format: 'date-time' });
/** 64-bit numbers that are no money: strings, for JSON readers round beyond 2^53. */
export const int64 = z.string().regex(/^-?[0-9]{1,19}$/);
/** A size or count that may be written as a number or, like all 64-bit numbers that we write, as a string. */
export const sizeIn = z
  .union([z.int().min(0), z.string().regex(/^[0-9]{1,15}$/, 'is not a whole number')])
  .transform((value) => BigInt(value));
export const jsonValue = z.json().meta({ description: 'Any JSON value' });

export const instantIn = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
export const name = z.string().trim().min(1).max(MAX_NAME_CHARS);
export const idParam = z
  .string()
  .min(1)
  .max(MAX_ID_CHARS)
  .regex(/^[\w.:-]+$/, 'is not an id');
/** An id, or `kind/name` with the slash escaped. */
export const idOrName = z
  .string()
  .min(1)
  .max(MAX_ID_CHARS)
  .regex(/^[\w.:/-]+$/, 'is not an id');

export const idParams = z.strictObject({ id: idParam });

/** `?limit=&cursor=` of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().min(1).max(MAX_CURSOR_CHARS).optional(),
};
export const pageOnly = z.strictObject(pageQuery);
export const noQuery = z.strictObject({});

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), has_more: z.boolean(), next_cursor: z.string().optional() });
}

/** Why something waits or failed. */
export const reason = z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.string()) });

/** A repeated query value: `?phase=running&phase=pending` or one of it. */
export function oneOrMore<Value extends z.ZodType<string>>(value: Value) {
  return z.union([value.transform((one) => [one]), z.array(value)]).default([]);
}

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hexadecimal digits');

export const timeOf = (date: Date | undefined): string | undefined => (date ? date.toISOString() : undefined);
export { toRfc3339 };
