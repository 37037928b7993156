import { describe, expect, it } from 'vitest';
import { canSyncAlways, natsServerConfig } from './nats.ts';
import { parseMajor } from './postgres-binaries.ts';
import { redisConfig } from './redis.ts';
import { parseSimulatedInstall } from './sources/debian-packages.ts';
import { containerName } from './sources/docker.ts';

describe('what the servers are told', () => {
  it('Redis never evicts a key and never listens beyond what it was given', () => {
    const config = redisConfig({ bind: '127.0.0.1', port: 1, dir: '/x', password: 'p' });
    expect(config).toContain('maxmemory-policy noeviction');
    expect(config).toContain('bind 127.0.0.1\n');
  });

  it.each([
    ['nats-server: v2.9.10', false],
    ['nats-server: v2.10.27', true],
    ['nats-server: v2.14.0', true],
  ])('%s is asked to sync every message: %s', (version, want) => {
    expect(canSyncAlways(version)).toBe(want);
  });

  it('an older NATS server is not given an option that it would refuse', () => {
    const config = { host: '127.0.0.1', port: 1, storeDir: '/x', authorization: '' };
    expect(natsServerConfig({ ...config, syncsAlways: false })).not.toContain('sync_interval');
    expect(natsServerConfig({ ...config, syncsAlways: true })).toContain('sync_interval: always');
  });
});

describe('what other programs print', () => {
  it.each([
    ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', 15],
    ['postgres (PostgreSQL) 18.4', 18],
    ['postgres (PostgreSQL) 19beta1', 19],
    ['something else', undefined],
  ])('%s is major version %s', (version, want) => {
    expect(parseMajor(version)).toBe(want);
  });

  it('apt names each missing package once', () => {
    const output =
      'Reading package lists...\nInst liblzf1 (3.6-3 Debian:12 [amd64])\nInst redis-server (5:7.0)\nConf redis-server\n';
    expect(parseSimulatedInstall(output)).toEqual(['liblzf1', 'redis-server']);
  });
});

it('two checkouts on one machine use different containers', () => {
  expect(containerName('redis', '/a/.data')).not.toBe(containerName('redis', '/b/.data'));
});
