import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcClient } from '@suanli/grpc-kit';
import { freePort, runCommand, startNats, startPostgres, waitUntil } from '@suanli/local-servers';
import { provisionDatabase } from '@suanli/postgres';
import { LedgerServiceClient } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { ensureCertificates } from '@suanli/tools/certificates';
import pg from 'pg';

const ROOT = join(import.meta.dirname, '../../..');
const BILLING = join(ROOT, 'services/billing/src');
const NODE_ARGS = ['--disable-warning=ExperimentalWarning'];
const READY_TIMEOUT_MS = 60_000;
const DEADLINE_MS = 30_000;
const PASSWORD = 'bench';
const DATABASE = 'suanli_billing';

export type LedgerClient = ReturnType<typeof connectLedger>;

/** PostgreSQL with its durability on, NATS, and one replica of billing in a process of its own, as in production. */
export type BillingAlone = AsyncDisposable & {
  adminUrl: string;
  /** One connection of the gateway's identity. */
  connect(): LedgerClient;
  sql: pg.Pool;
  /** Refolds the ledger: what `npm run ledger:verify` prints. */
  verify(): Promise<{ driftMicros: string; broken: Record<string, number>; transfers: number }>;
};

export async function startBillingAlone(say: (message: string) => void): Promise<BillingAlone> {
  await using boot = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'suanli-bench-'));
  boot.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = boot.use(await startPostgres({ dir: join(dir, 'postgres'), durability: 'on' }));
  const nats = boot.use(await startNats({ dir: join(dir, 'nats') }));
  say(`postgres: ${postgres.source}, nats: ${nats.source}`);
  const url = await openDatabase(postgres.url);
  const certificates = await ensureCertificates(join(dir, 'tls'), ['billing', 'gateway'], Date.now());
  const address = `127.0.0.1:${await freePort()}`;
  const ops = `127.0.0.1:${await freePort()}`;
  const { username, password, host } = new URL(nats.url);
  const { caFile, certFile, keyFile } = certificates.billing;
  const child = spawn(process.execPath, [...NODE_ARGS, join(BILLING, 'main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      DATABASE_URL: url,
      NATS_URL: `nats://${host}`,
      NATS_USER: username,
      NATS_PASSWORD: password,
      OPS_ADDRESS: ops,
      GRPC_INTERNAL_ADDRESS: address,
      TLS_CA_FILE: caFile,
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
      JWKS_URL: 'http://127.0.0.1:1/jwks.json',
      LOG_LEVEL: 'error',
    },
  });
  createInterface({ input: child.stdout }).on('line', say);
  boot.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await waitUntil(() => assertHealthy(`http://${ops}/healthz`), { timeoutMs: READY_TIMEOUT_MS, what: 'billing' });
  const { certificate, key, ca } = await readIdentity(certificates.gateway);
  const sql = new pg.Pool({ connectionString: url, max: 2 });
  boot.defer(() => sql.end());
  const owned = boot.move();
  return {
    adminUrl: postgres.url,
    sql,
    connect: () => owned.use(connectLedger(address, { ca, cert: certificate, key })),
    async verify() {
      const stdout = await runCommand(process.execPath, [...NODE_ARGS, join(BILLING, 'verify.ts')], {
        cwd: ROOT,
        env: { DATABASE_URL: url },
        timeoutMs: 600_000,
      });
      return JSON.parse(stdout) as Awaited<ReturnType<BillingAlone['verify']>>;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function connectLedger(address: string, tls: { ca: string; cert: string; key: string }) {
  return createGrpcClient(LedgerServiceClient, { address, tls, defaultDeadlineMs: DEADLINE_MS });
}

async function openDatabase(adminUrl: string): Promise<string> {
  const roles = { ownerRole: `${DATABASE}_owner`, serviceRole: DATABASE };
  await provisionDatabase({
    adminUrl,
    database: DATABASE,
    ...roles,
    ownerPassword: PASSWORD,
    servicePassword: PASSWORD,
  });
  await runCommand(process.execPath, [...NODE_ARGS, join(BILLING, 'migrate.ts')], {
    cwd: ROOT,
    env: { DATABASE_OWNER_URL: urlFor(adminUrl, roles.ownerRole) },
    timeoutMs: READY_TIMEOUT_MS,
  });
  return urlFor(adminUrl, roles.serviceRole);
}

function urlFor(adminUrl: string, role: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = PASSWORD;
  url.pathname = `/${DATABASE}`;
  return url.href;
}

async function readIdentity(files: { caFile: string; certFile: string; keyFile: string }) {
  const [ca, certificate, key] = await Promise.all(
    [files.caFile, files.certFile, files.keyFile].map((file) => readFile(file, 'utf8')),
  );
  if (ca === undefined || certificate === undefined || key === undefined) throw new Error('unreachable');
  return { ca, certificate, key };
}

async function assertHealthy(url: string): Promise<void> {
  const { status } = await fetch(url);
  if (status !== 200) throw new Error(`${url} answers ${status}`);
}
