import { z } from 'zod';

const missing = 'is missing';
const text = (complaint: string) => z.string({ error: (issue) => (issue.input === undefined ? missing : complaint) });

/**
 * Schemas for one environment variable each, with its meaning. Chain `.optional()` or `.default(…)` where it may be
 * absent. Complaints never repeat the value: it may be a secret.
 */
export const env = {
  text: (meaning: string) => text('must be text').min(1).meta({ description: meaning }),

  /** A path to a file or folder; whether it exists is found out by whoever reads it. */
  path: (meaning: string) => text('must be a path').min(1).meta({ description: meaning }),

  /** `host:port`, to listen on or to reach. Port 0 lets the system choose when listening. */
  address: (meaning: string) =>
    text('must be host:port')
      .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/, 'must be host:port')
      .refine((value) => Number(value.slice(value.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535')
      .meta({ description: meaning }),

  url: (meaning: string) =>
    text('must be a URL')
      .refine((value) => URL.canParse(value), 'must be a URL')
      .meta({ description: meaning }),

  /** A URL with a password in it, or likely to have one. */
  secretUrl: (meaning: string) =>
    text('must be a URL')
      .refine((value) => URL.canParse(value), 'must be a URL')
      .meta({ description: meaning, secret: true }),

  secret: (meaning: string) => text('must be text').min(1).meta({ description: meaning, secret: true }),

  /** A key of exactly `bytes` bytes, written in base64. */
  secretBytes: (meaning: string, bytes: number) =>
    text('must be base64')
      .transform((value) => Buffer.from(value, 'base64'))
      .refine((value) => value.length === bytes, `must be ${bytes} bytes in base64`)
      .meta({ description: meaning, secret: true }),

  /** A whole number; without `fallback` it is required. */
  int: (meaning: string, fallback?: number, range: { min?: number; max?: number } = {}) => {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
    const complaint = `must be a whole number from ${min} to ${max}`;
    const schema = text(complaint)
      .regex(/^-?[0-9]{1,16}$/, complaint)
      .transform(Number)
      .refine((value) => value >= min && value <= max, complaint)
      .meta({ description: meaning });
    return fallback === undefined ? schema : schema.default(fallback);
  },

  /** `1` or `true` is on; absent, `0` or `false` is off. */
  flag: (meaning: string) =>
    z
      .enum(['0', '1', 'true', 'false'], { error: 'must be 1 or 0' })
      .transform((value) => value === '1' || value === 'true')
      .meta({ description: meaning })
      .default(false),

  choice: <const Value extends string>(meaning: string, values: readonly [Value, ...Value[]], fallback: Value) =>
    z
      .enum(values as unknown as [Value, ...Value[]], { error: `must be one of ${values.join(', ')}` })
      .meta({ description: meaning })
      .default(fallback as never),

  /** Comma-separated; absent is the empty list. */
  list: (meaning: string) =>
    text('must be a comma-separated list')
      .transform((value) =>
        value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      )
      .meta({ description: meaning })
      .default([]),
};
