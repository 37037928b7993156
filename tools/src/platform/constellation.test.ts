import { expect, it } from 'vitest';
import { type Addresses, constellation, inherited, SERVICES, type Surroundings } from './constellation.ts';

it('gives nobody the password, key or certificate of another', () => {
  const specs = constellation(surroundings(), {});
  const keys = ['NATS_PASSWORD', 'DATABASE_URL', 'TLS_KEY_FILE', 'MASTER_KEY', 'URL_SIGNING_KEY'];
  const given = specs.flatMap(({ env }) => keys.flatMap((key) => (env[key] === undefined ? [] : [env[key]])));
  expect(given.length).toBeGreaterThan(specs.length);
  expect(new Set(given).size).toBe(given.length);
});

it('tells no process the operator key, an owner role or the administrator of a server', () => {
  const told = JSON.stringify(constellation(surroundings(), {}));
  for (const secret of ['sop_', 'owner', 'admin']) expect(told).not.toContain(secret);
});

it('hides the rest of our own environment', () => {
  expect(inherited({ PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'x', npm_config_cache: 'y' })).toEqual({ PATH: '/bin' });
});

function surroundings(): Surroundings {
  const each = <T>(make: (service: string) => T) => Object.fromEntries(SERVICES.map((name) => [name, make(name)]));
  const made = new Map<string, string>();
  return {
    dir: '/data',
    servers: { natsUrl: 'nats://127.0.0.1:1', redisUrl: 'redis://127.0.0.1:2' },
    databases: each((name) => ({
      url: `postgres://${name}@h/d`,
      ownerUrl: `postgres://${name}-owner@h/d`,
    })) as Surroundings['databases'],
    certificates: each((name) => ({
      caFile: 'ca',
      certFile: `${name}.pem`,
      keyFile: `${name}.key`,
    })) as Surroundings['certificates'],
    secrets: {
      get: (name) => made.get(name) ?? made.set(name, `secret-${made.size}`).get(name) ?? '',
      save: async () => {},
    },
    addresses: { http: 'h:1', data: 'h:2', ops: {}, internal: {}, partner: {} } as unknown as Addresses,
  };
}
