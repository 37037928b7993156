import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  grpcEnv,
  natsConfig,
  natsEnv,
  opsEnv,
  postgresConfig,
  postgresEnv,
  processEnv,
  redisEnv,
} from './common-env.ts';
import { describeEnv } from './describe-env.ts';
import { env } from './env.ts';
import { parseEnv } from './parse-env.ts';

const schema = z
  .object({
    ...processEnv,
    ...postgresEnv,
    ...natsEnv,
    LATE_USAGE_MS: env.int('How long late usage is still charged', 60_000, { min: 1 }),
    MASTER_KEY: env.secretBytes('Envelope encryption', 4),
    TRUSTED_TENANTS: env.list('Tenants whose code may run unconfined'),
    PARTNER: env.address('Partner listener').optional(),
  })
  .transform((e) => ({
    postgres: postgresConfig(e, 'billing'),
    nats: natsConfig(e),
    lateUsageMs: e.LATE_USAGE_MS,
    masterKey: e.MASTER_KEY,
    trusted: e.TRUSTED_TENANTS,
    isDevelopment: e.SUANLI_DEV,
    partner: e.PARTNER,
  }));

const good = {
  DATABASE_URL: 'postgres://billing:pw@127.0.0.1:5432/billing',
  NATS_URL: 'nats://127.0.0.1:4222',
  NATS_USER: 'billing',
  NATS_PASSWORD: 'pw',
  MASTER_KEY: Buffer.from('abcd').toString('base64'),
};

describe('parseEnv', () => {
  it('turns variables into the configuration, with defaults', () => {
    const parsed = parseEnv(schema, { ...good, REPLICA_ID: 'b-1', SUANLI_DEV: '1', TRUSTED_TENANTS: 'acc_1, acc_2,' });
    expect(parsed).toEqual({
      kind: 'ok',
      config: {
        postgres: {
          url: good.DATABASE_URL,
          maxConnections: 10,
          applicationName: 'billing',
          statementTimeoutMs: 15_000,
        },
        nats: { url: good.NATS_URL, user: 'billing', password: 'pw', name: 'b-1' },
        lateUsageMs: 60_000,
        masterKey: Buffer.from('abcd'),
        trusted: ['acc_1', 'acc_2'],
        isDevelopment: true,
        partner: undefined,
      },
    });
  });

  it('names every problem at once, with the meaning of the variable', () => {
    const parsed = parseEnv(schema, {
      ...good,
      DATABASE_URL: '',
      NATS_URL: 'not a url',
      LATE_USAGE_MS: '0',
      MASTER_KEY: 'aa',
    });
    expect(parsed).toEqual({
      kind: 'bad',
      problems: [
        'DATABASE_URL is missing (PostgreSQL as the role of the service, which owns nothing)',
        'NATS_URL must be a URL (NATS server)',
        'LATE_USAGE_MS must be a whole number from 1 to 9007199254740991 (How long late usage is still charged)',
        'MASTER_KEY must be 4 bytes in base64 (Envelope encryption)',
      ],
    });
  });

  it('never repeats a value, which may be a secret', () => {
    const parsed = parseEnv(schema, { ...good, DATABASE_URL: 'hunter2', MASTER_KEY: 'hunter2', SUANLI_DEV: 'hunter2' });
    expect(parsed.kind).toBe('bad');
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  it.each([
    ['127.0.0.1:0', true],
    ['billing:7001', true],
    ['[::1]:7001', true],
    ['billing', false],
    ['billing:70000', false],
    ['http://billing:1', false],
  ])('takes the address %s: %s', (address, isGood) => {
    expect(parseEnv(z.object({ A: env.address('a') }), { A: address }).kind).toBe(isGood ? 'ok' : 'bad');
  });

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
    ['', false],
    [undefined, false],
  ])('reads the flag %s as %s', (value, on) => {
    expect(parseEnv(z.object({ F: env.flag('f') }), { F: value })).toEqual({ kind: 'ok', config: { F: on } });
  });
});

describe('describeEnv', () => {
  it('gives one row per variable with meaning, default, need and secrecy', () => {
    const rows = new Map(describeEnv(schema).map((row) => [row.key, row]));
    expect(rows.get('DATABASE_URL')).toEqual({
      key: 'DATABASE_URL',
      meaning: 'PostgreSQL as the role of the service, which owns nothing',
      required: true,
      secret: true,
    });
    expect(rows.get('LATE_USAGE_MS')).toMatchObject({ default: '60000', required: false, secret: false });
    expect(rows.get('SUANLI_DEV')).toMatchObject({ default: '0', required: false });
    expect(rows.get('LOG_LEVEL')).toMatchObject({ default: 'info', required: false });
    expect(rows.get('PARTNER')).toEqual({
      key: 'PARTNER',
      meaning: 'Partner listener',
      required: false,
      secret: false,
    });
    expect(rows.get('MASTER_KEY')).toMatchObject({ secret: true, required: true });
  });

  it('keeps the meaning through further conditions and options', () => {
    const narrowed = env.secret('A key').regex(/^k/, 'must start with k').optional();
    expect(describeEnv(z.object({ K: narrowed }))).toEqual([
      { key: 'K', meaning: 'A key', required: false, secret: true },
    ]);
  });

  it('finds a meaning for every common variable, and nothing that differs from machine to machine', () => {
    const rows = describeEnv(
      z.object({ ...processEnv, ...postgresEnv, ...natsEnv, ...redisEnv, ...opsEnv, ...grpcEnv }),
    );
    expect(rows.filter((row) => row.meaning === '')).toEqual([]);
    expect(rows.find((row) => row.key === 'REPLICA_ID')).not.toHaveProperty('default');
  });
});
