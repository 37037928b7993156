import { eventually } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import {
  type EntryView,
  type HoldView,
  type InvoiceLineView,
  type InvoiceView,
  read,
  readAll,
  type Reader,
  sum,
  type TransferView,
  walkLine,
} from '../support/audit-walk.ts';
import { verifyLedger } from '../support/ledger.ts';
import { platform } from '../support/platform.ts';
import { openTenant, YUAN } from '../support/tenants.ts';

const SETTLED_WITHIN_MS = 120_000;
const GIVEN_MICROS = 3_000n;
const PAID_IN_MICROS = 50n * YUAN;

async function open(name: string, paidInMicros = 0n): Promise<Reader & { accountId: string }> {
  const { accountId, api } = await openTenant(name, paidInMicros);
  return { url: api.target.url, key: api.target.apiKey, accountId };
}

async function send<T>({ url, key }: Reader, path: string, body?: object): Promise<T> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await fetch(url + path, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** A model call that is paid with credit, and a job of two tasks; resolves when both are billed and nothing is held for them. */
async function consume(who: Reader): Promise<void> {
  const { data } = await read<{ data: { id: string }[] }>(who, '/v1/models');
  const { usage } = await send<{ usage: { prompt_tokens: number; completion_tokens: number } }>(
    who,
    '/v1/chat/completions',
    { model: data[0]?.id, messages: [{ role: 'user', content: 'The Grand Canal joins two cities. Which?' }] },
  );
  const spec = { name: 'audited', command: ['sh', '-c', 'sleep 3'], task_count: 2, milli_gpus: 500, milli_cpus: 100 };
  const limits = { memory_bytes: 67_108_864, max_run_seconds: 600, grace_seconds: 1 };
  const job = await send<{ id: string }>(who, '/v1/jobs', { ...spec, ...limits });
  await eventually(
    async () => {
      const { phase } = await read<{ phase: string }>(who, `/v1/jobs/${job.id}`);
      expect(phase).toBe('succeeded');
      const lines = await readAll<{ meter: string; quantity: string }>(who, '/v1/bill-lines');
      const tokens = lines.filter((line) => line.meter.startsWith('tokens_'));
      expect(sum(tokens, (line) => line.quantity)).toBe(BigInt(usage.prompt_tokens + usage.completion_tokens));
      const held = await readAll<{ purpose: { kind: string } }>(who, '/v1/holds?status=active');
      expect(held.filter(({ purpose }) => purpose.kind === 'job')).toEqual([]);
    },
    { timeoutMs: SETTLED_WITHIN_MS },
  );
}

it('a stranger recomputes an invoice to the micro with nothing but the API, and nobody else sees any of it', async () => {
  const { operatorKey } = await platform();
  const who = await open('audited', PAID_IN_MICROS);
  const operator = { url: who.url, key: operatorKey };
  const gift = { account_id: who.accountId, amount_micros: String(GIVEN_MICROS), reason: 'welcome' };
  const lot = await send<{ id: string }>(operator, '/v1/admin/credit-lots', gift);
  await consume(who);

  const { data: issued } = await send<{ data: InvoiceView[] }>(who, '/v1/invoices');
  expect(issued).toHaveLength(1);
  const [invoice] = await readAll<InvoiceView>(who, '/v1/invoices');
  expect(invoice).toEqual(issued[0]);
  const lines = await readAll<InvoiceLineView>(who, `/v1/invoices/${invoice?.id}/lines`);
  expect(lines).toHaveLength(invoice?.line_count ?? 0);
  expect([...new Set(lines.map((line) => line.meter))].sort()).toEqual(['gpu_time', 'tokens_input', 'tokens_output']);

  const entries = await readAll<EntryView>(who, '/v1/ledger-entries');
  const walked = [];
  for (const line of lines) walked.push(await walkLine(who, line, entries));
  const total = sum(walked, (line) => line.paidMicros);
  expect(String(total)).toBe(invoice?.total_micros);
  const wallet = await read<{ posted_micros: string }>(who, '/v1/wallet');
  expect(wallet.posted_micros).toBe(String(PAID_IN_MICROS + GIVEN_MICROS - total));
  await holdsAndLotsAgree(
    who,
    lot.id,
    walked.flatMap((line) => line.transfers),
    walked.flatMap((line) => line.holds),
  );

  const report = await verifyLedger(); // The operator's own audit says the same.
  expect(report).toMatchObject({ driftMicros: '0', broken: {}, workloads: 'checked' });

  const other = await open('curious');
  const billLines = walked.flatMap((line) => [line.billLineId, `${line.billLineId}/provenance`]);
  const documents = ['', '/lines', '/pdf'].map((part) => `/v1/invoices/${invoice?.id}${part}`);
  const paths = [...documents, ...billLines.map((id) => `/v1/bill-lines/${id}`), `/v1/credit-lots/${lot.id}`];
  for (const path of [...paths, `/v1/credit-lots/${lot.id}/movements`]) {
    const { status } = await fetch(who.url + path, { headers: { authorization: `Bearer ${other.key}` } });
    expect([path, status]).toEqual([path, 404]);
  }
  for (const list of ['/v1/invoices', '/v1/bill-lines', '/v1/ledger-entries', '/v1/holds', '/v1/credit-lots']) {
    expect([list, await readAll(other, list)]).toEqual([list, []]);
  }
});

/** What the transfers took of holds and credit is what holds and credit say of themselves. */
async function holdsAndLotsAgree(who: Reader, lotId: string, transfers: TransferView[], holds: HoldView[]) {
  for (const hold of holds) {
    const captured = transfers.filter((transfer) => transfer.hold_id === hold.id);
    expect([hold.id, sum(captured, (transfer) => transfer.amount_micros)]).toEqual([
      hold.id,
      BigInt(hold.captured_micros),
    ]);
  }
  const spent = sum(
    transfers.flatMap((transfer) => transfer.lots).filter((part) => part.lot_id === lotId),
    (part) => part.amount_micros,
  );
  expect(spent).toBeGreaterThan(0n); // Credit paid for the model call, before any cash.
  const lot = await read<{ granted_micros: string; remaining_micros: string }>(who, `/v1/credit-lots/${lotId}`);
  expect(BigInt(lot.granted_micros) - BigInt(lot.remaining_micros)).toBe(spent);
}
