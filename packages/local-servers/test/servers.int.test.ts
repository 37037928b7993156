import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBubblewrap, runCommand, startNats, startPostgres, startRedis } from '../src/index.ts';
import { processStart } from '../src/processes/pid-file.ts';
import { exchange } from '../src/processes/readiness.ts';
import type { RunningServer } from '../src/server.ts';

const FETCH_TIMEOUT_MS = 120_000;

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'suanli-servers-'));
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

describe('startPostgres', () => {
  it.each([
    ['machine or package', undefined],
    ['package', ['package']],
  ] as const)(
    'from %s, keeps data, port and password over a restart',
    { timeout: FETCH_TIMEOUT_MS },
    async (name, sources) => {
      const options = { dir: join(home, `postgres ${name}`), durability: 'off', ...(sources && { sources }) } as const;
      const first = await startPostgres(options);
      await query(first, 'create table kept as select 42 as answer');
      await first.stop();
      await using second = await startPostgres(options);
      expect(second.url).toBe(first.url);
      expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
    },
  );

  it('lets nobody in without the password', { timeout: FETCH_TIMEOUT_MS }, async () => {
    await using server = await startPostgres({ dir: join(home, 'guarded'), durability: 'off' });
    const stranger = new URL(server.url);
    stranger.password = 'guess';
    await expect(query({ ...server, url: stranger.href }, 'select 1')).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('comes back with its data after it was killed', { timeout: FETCH_TIMEOUT_MS }, async () => {
    const options = { dir: join(home, 'killed'), durability: 'on' } as const;
    const first = await startPostgres(options);
    await query(first, 'create table kept as select 1 as one');
    await first.kill('SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await using second = await startPostgres(options);
    expect(second.url).toBe(first.url);
    expect(await query(second, 'select one from kept')).toEqual([{ one: 1 }]);
  });
});

describe('startRedis', () => {
  it('answers, and only with the password', { timeout: FETCH_TIMEOUT_MS }, async () => {
    await using server = await startRedis({ dir: join(home, 'redis') });
    const { port, password } = new URL(server.url);
    expect(await exchange(Number(port), 'PING\r\n', '-NOAUTH')).toContain('-NOAUTH');
    expect(await exchange(Number(port), `AUTH ${password}\r\nPING\r\n`, '+PONG')).toContain('+PONG');
  });
});

describe('startNats', () => {
  it('offers JetStream, and wants its user', { timeout: FETCH_TIMEOUT_MS }, async () => {
    await using server = await startNats({ dir: join(home, 'nats'), durability: 'on' });
    const info = await exchange(Number(new URL(server.url).port), '', 'INFO {');
    expect(info).toContain('"jetstream":true');
    expect(info).toContain('"auth_required":true');
  });

  it('stops what a crashed run left behind, and takes its port', { timeout: FETCH_TIMEOUT_MS }, async () => {
    const dir = join(home, 'nats-orphan');
    const orphan = await startOrphan(dir);
    await using server = await startNats({ dir });
    expect(server.url).toBe(orphan.url);
    expect(processStart(orphan.pid)).toBeUndefined();
  });
});

describe('ensureBubblewrap', () => {
  it('returns a program that runs', { timeout: FETCH_TIMEOUT_MS }, async () => {
    expect(await runCommand(await ensureBubblewrap(), ['--version'])).toMatch(/^bubblewrap \d/);
  });
});

async function query(server: RunningServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client(server.url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server from a process that is then killed, as a crash would. Returns the server it leaves. */
async function startOrphan(dir: string): Promise<{ pid: number; url: string }> {
  const module = join(import.meta.dirname, '../src/index.ts');
  const program = `import { startNats } from ${JSON.stringify(module)};
    const server = await startNats({ dir: ${JSON.stringify(dir)} });
    console.log(JSON.stringify({ pid: server.pid, url: server.url }));
    process.kill(process.pid, 'SIGKILL');`;
  const output = await runCommand('sh', ['-c', '"$0" --input-type=module -e "$1"; true', process.execPath, program]);
  const orphan = JSON.parse(output.split('\n')[0] ?? '') as { pid: number; url: string };
  expect(processStart(orphan.pid)).toBeDefined();
  return orphan;
}
