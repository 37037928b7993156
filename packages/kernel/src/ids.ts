import { randomBytes } from 'node:crypto';

/** Crockford base 32: no I, L, O, U, so that an id can be read aloud. Lower case, sorts as its bytes do. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const RANDOM_BYTES = 10;

/** A string that only one kind of thing carries, for example `Branded<'JobId'>`. */
export type Branded<Name extends string> = string & { readonly __brand: Name };

/** Makes new ids. Given to use cases as an argument, so that tests and replays decide them. */
export interface IdSource {
  /** A prefixed, time-ordered id such as `job_01k9xw3m5z…`: 48 bits of milliseconds, then 80 random bits. */
  next(prefix: string): string;
}

/** Ids from a clock and a source of random bytes. Within one millisecond the order is random. */
export function createIdSource(now: () => number, random: (size: number) => Uint8Array): IdSource {
  return { next: (prefix) => `${prefix}_${encodeTime(now())}${encodeRandom(random(RANDOM_BYTES))}` };
}

export const systemIds: IdSource = createIdSource(Date.now, (size) => randomBytes(size));

/** Whether `value` has the form of an id with this prefix; says nothing of whether it exists. */
export function isId(prefix: string, value: string): boolean {
  return value.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(value.slice(prefix.length + 1));
}

function encodeTime(ms: number): string {
  let rest = ms;
  let out = '';
  for (let i = 0; i < TIME_CHARS; i++) {
    out = ALPHABET[rest % 32] + out;
    rest = Math.floor(rest / 32);
  }
  return out;
}

function encodeRandom(bytes: Uint8Array): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET[(buffer >> bits) & 31];
      buffer &= (1 << bits) - 1;
    }
  }
  return out;
}
