/** Money is integer micro-yuan: 1 CNY = 1,000,000 micros. Never a float. */
export type Micros = bigint;

export const CURRENCY = 'CNY';
export const MICROS_PER_YUAN = 1_000_000n;
/** PostgreSQL's bigint, and int64 on the wire. */
export const MAX_MICROS = 9_223_372_036_854_775_807n;

const DECIMAL_INTEGER = /^-?(0|[1-9][0-9]{0,18})$/;

/** Parses the JSON form (a decimal string of micros). Undefined when it is not a whole number that fits 64 bits. */
export function parseMicros(text: string): Micros | undefined {
  if (!DECIMAL_INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return value > MAX_MICROS || value < -MAX_MICROS ? undefined : value;
}

/** Yuan for a person: `¥12.50`; more digits only when the micros need them. */
export function formatYuan(micros: Micros): string {
  const sign = micros < 0n ? '-' : '';
  const abs = micros < 0n ? -micros : micros;
  const fraction = (abs % MICROS_PER_YUAN)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${sign}¥${abs / MICROS_PER_YUAN}.${fraction}`;
}

/** floor(a × b / c) on integers, c > 0 and a × b >= 0: amounts are rounded down, in the customer's favour. */
export function mulDivFloor(a: bigint, b: bigint, c: bigint): bigint {
  return (a * b) / c;
}

/** ceil(a × b / c) on integers, c > 0 and a × b >= 0: holds are rounded up, so that they always cover the charge. */
export function mulDivCeil(a: bigint, b: bigint, c: bigint): bigint {
  return (a * b + c - 1n) / c;
}
