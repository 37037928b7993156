import { inject } from 'vitest';

/**
 * A Redis database that no other test file uses at the same time; it is emptied before each file. vitest numbers its
 * workers from 1, far fewer than the 16 databases of a server.
 */
export function redisUrl(): string {
  const url = new URL(inject('redisUrl'));
  url.pathname = `/${redisDatabase()}`;
  return url.toString();
}

export function redisDatabase(): number {
  return Number(process.env['VITEST_POOL_ID'] ?? '1') % 16;
}
