import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    pgAdminUrl: string;
    natsUrl: string;
    redisUrl: string;
  }
}

/** The superuser's URL of the run's PostgreSQL server. */
export function pgAdminUrl(): string {
  return inject('pgAdminUrl');
}

/** The run's NATS server. It has many accounts and no default user: `testBus` hands them out. */
export function natsUrl(): string {
  return inject('natsUrl');
}

/** Redis database that no other test file uses at the same time: vitest numbers its few workers from 1. */
export function redisDatabase(): number {
  return Number(process.env['VITEST_POOL_ID'] ?? '1') % REDIS_DATABASES;
}

const REDIS_DATABASES = 16;

/** A Redis database of this test file, emptied before it runs. */
export function redisUrl(): string {
  const url = new URL(inject('redisUrl'));
  url.pathname = `/${redisDatabase()}`;
  return url.toString();
}
