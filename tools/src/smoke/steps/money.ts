import { formatYuan } from '@suanli/kernel';
import { expectedCharge, sumOf } from '../bill.ts';
import { check, until } from '../check.ts';
import type { Api } from '../rest/api.ts';
import type { BillLine, Hold, Job, Price, Wallet } from '../rest/views.ts';

/** 20 yuan. */
const RECHARGE_MICROS = 20_000_000n;
/** From the end of a job to its last bill line: usage travels as events. */
const RATED_WITHIN_MS = 30_000;

export const readWallet = (api: Api) => api.get<Wallet>('/v1/wallet');

export async function recharge(api: Api): Promise<string> {
  const before = BigInt((await readWallet(api)).posted_micros);
  const body = { channel: 'development', amount_micros: String(RECHARGE_MICROS), currency: 'CNY' };
  const idempotencyKey = crypto.randomUUID();
  await api.post('/v1/recharges', body, { idempotencyKey });
  await api.post('/v1/recharges', body, { idempotencyKey }); // The same wish again must not pay twice.
  const after = BigInt((await readWallet(api)).posted_micros);
  check(after - before === RECHARGE_MICROS, `the wallet went from ${before} to ${after} by one recharge`);
  return `${formatYuan(RECHARGE_MICROS)}, sent twice, booked once`;
}

/** Waits for the bill of each job and compares it with our own reckoning. Returns what all of them cost. */
export async function checkBills(api: Api, jobs: readonly Job[]): Promise<bigint> {
  const prices = await api.list<Price>('/v1/prices');
  let total = 0n;
  for (const job of jobs) {
    const want = expectedCharge(job, prices);
    const path = `/v1/bill-lines?resource_id=${job.id}`;
    const lines = await until(
      `a bill of ${want} micro-yuan for ${job.id}`,
      RATED_WITHIN_MS,
      () => api.list<BillLine>(path),
      (found) => sumOf(found) === want,
    );
    check(
      lines.every((line) => line.resource.id === job.id),
      `${path} names other resources too`,
    );
    total += want;
  }
  return total;
}

/** Nothing more than the bills has left the wallet, and nothing is held for work that has ended. */
export async function checkWallet(api: Api, beforeMicros: bigint, spentMicros: bigint, jobs: readonly Job[]) {
  const ids = new Set(jobs.map((job) => job.id));
  await until(
    `a wallet that has lost the ${spentMicros} of the bills, less what came back by itself`,
    RATED_WITHIN_MS,
    async () => {
      const lost = beforeMicros - BigInt((await readWallet(api)).posted_micros);
      return String(lost + (await givenBack(api, ids)) - spentMicros);
    },
    (difference) => difference === '0',
  );
  await until(
    'the end of every hold',
    RATED_WITHIN_MS,
    async () => (await api.list<Hold>('/v1/holds?status=active')).filter(({ purpose }) => ids.has(purpose.id)),
    (open) => open.length === 0,
  );
}

/** What attempts of these jobs cost that were lost with their agents: it comes back as an automatic credit. */
async function givenBack(api: Api, jobIds: ReadonlySet<string>): Promise<bigint> {
  const credits = await api.list<{ resource: { id: string }; amount_micros: string }>('/v1/automatic-credits');
  const ours = credits.filter(({ resource }) => jobIds.has(resource.id));
  return ours.reduce((sum, credit) => sum + BigInt(credit.amount_micros), 0n);
}
