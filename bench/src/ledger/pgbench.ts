import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SCALE = 20;
const DEBIAN = '/usr/lib/postgresql';
const DATABASE = 'pgbench';

export type Control = { run(seconds: number): number };

/** PostgreSQL's own TPC-B on the same server: 16 clients, prepared statements. */
export function pgbench(adminUrl: string, say: (message: string) => void): Control {
  const program = findPgbench();
  const url = new URL(adminUrl);
  const server = ['-h', url.hostname, '-p', url.port, '-U', decodeURIComponent(url.username)];
  const env = { ...process.env, PGPASSWORD: decodeURIComponent(url.password) };
  const call = (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`pgbench ${args.join(' ')}\n${stderr}`);
    return stdout;
  };
  say(`pgbench -i -s ${SCALE} (${program})`);
  call(['-i', '-q', '-s', String(SCALE), ...server, DATABASE]);
  return {
    run(seconds) {
      const load = ['-c', '16', '-j', '2', '-M', 'prepared', '-T', String(seconds)];
      const out = call([...load, ...server, DATABASE]);
      const tps = /tps = ([\d.]+) \(without initial connection time\)/.exec(out)?.[1];
      if (tps === undefined) throw new Error(`pgbench said no tps:\n${out}`);
      return Number(tps);
    },
  };
}

export const PGBENCH_DATABASE = DATABASE;

function findPgbench(): string {
  const inPath = (process.env['PATH'] ?? '').split(':').map((dir) => join(dir, 'pgbench'));
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const found = [...inPath, ...versions.map((version) => join(DEBIAN, version, 'bin/pgbench'))].find(existsSync);
  if (found === undefined) {
    throw new Error('pgbench is not here: install postgresql-contrib (Debian 12: postgresql-15, which contains it)');
  }
  return found;
}
