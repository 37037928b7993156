// npm run bench -- ledger [--json] [--seconds 20] [--control-seconds 60]
//
// The ledger's production path (gRPC with mutual TLS, idempotency, transfers, entries, balances, outbox; fsync and
// synchronous_commit on) against pgbench's TPC-B on the same server in the same run, before and after; the better control
// counts. `unaryTps`: 64 callers, one transfer a call; p50 and p99 are of these calls. `randomTps`, `hotTps`: batches of 100
// transfers a call between random wallets, and in and out of one wallet. `holdCaptureTps`: pairs of a reserve and its
// capture, in batches of 100. Exit code 1 when the ledger has drifted.
import { parseArgs } from 'node:util';
import { seededRng } from '@suanli/kernel';
import { provisionDatabase } from '@suanli/postgres';
import { startBillingAlone } from './ledger/billing-alone.ts';
import { measure, type Measured } from './ledger/load.ts';
import { pgbench, PGBENCH_DATABASE } from './ledger/pgbench.ts';
import { createTransferLoads, fundWallets } from './ledger/transfer-loads.ts';

const CALLERS = 64;
const WALLETS = 10_000;
const WARM_UP_MS = 3_000;
const SEED = 20_260_101;

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    'control-seconds': { type: 'string', default: '60' },
  },
});
const measureMs = Number(values.seconds) * 1_000;
const controlSeconds = Number(values['control-seconds']);
const startedAt = performance.now();
const say = (message: string) =>
  console.error(`[${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s] ${message}`);

await using billing = await startBillingAlone(say);
const { sql } = billing;
const { rows } = await sql.query(`select name, setting from pg_settings where name in ('fsync', 'synchronous_commit')`);
if (rows.some((row: { setting: string }) => row.setting !== 'on')) throw new Error('durability is off');
await provisionControl();
const control = pgbench(billing.adminUrl, say);
const before = control.run(controlSeconds);
say(`pgbench before: ${before.toFixed(0)} tps`);

const walletIds = await fundWallets(billing, WALLETS);
say(`${walletIds.length} wallets funded`);
const loads = createTransferLoads({ billing, walletIds, callers: CALLERS, rng: seededRng(SEED) });
const run = async (name: string, call: (caller: number) => Promise<number>): Promise<Measured> => {
  const measured = await measure({ callers: CALLERS, warmUpMs: WARM_UP_MS, measureMs, call });
  const { perSecond, p50Ms, p99Ms } = measured;
  say(`${name}: ${perSecond.toFixed(0)}/s, a call takes ${p50Ms.toFixed(1)} ms, 99 % within ${p99Ms.toFixed(1)} ms`);
  return measured;
};
const unary = await run('one transfer a call', loads.unary);
const random = await run('batches, random pairs', loads.random);
const hot = await run('batches, one hot wallet', loads.hot);
const holdCapture = await run('batches, reserve and capture', loads.holdCapture);
const after = control.run(controlSeconds);
say(`pgbench after: ${after.toFixed(0)} tps`);

const report = await billing.verify();
const tpcbTps = Math.max(before, after);
const ratio = (measured: Measured) => `${(measured.perSecond / tpcbTps).toFixed(2)} x TPC-B`;
say(`unary ${ratio(unary)}, random ${ratio(random)}, hot ${ratio(hot)}; drift ${report.driftMicros}`);
const round = (value: number) => Math.round(value * 10) / 10;
const result = {
  tpcbTps: round(tpcbTps),
  unaryTps: round(unary.perSecond),
  randomTps: round(random.perSecond),
  hotTps: round(hot.perSecond),
  holdCaptureTps: round(holdCapture.perSecond),
  p50Ms: round(unary.p50Ms),
  p99Ms: round(unary.p99Ms),
  driftMicros: report.driftMicros,
};
console.log(values.json ? JSON.stringify(result) : JSON.stringify({ ...result, ledger: report }, null, 2));
if (report.driftMicros !== '0' || Object.keys(report.broken).length > 0) {
  say(`broken promises: ${JSON.stringify(report.broken)}`);
  process.exitCode = 1;
}

async function provisionControl(): Promise<void> {
  const role = { ownerRole: 'pgbench_owner', ownerPassword: 'bench', serviceRole: 'pgbench', servicePassword: 'bench' };
  await provisionDatabase({ adminUrl: billing.adminUrl, database: PGBENCH_DATABASE, ...role });
}
