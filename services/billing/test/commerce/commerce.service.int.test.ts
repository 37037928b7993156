import type { TenantPath } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { outbox } from '@suanli/postgres';
import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { EVENTS } from '@suanli/proto/subjects';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentNumbers, invoices } from '../../src/adapters/postgres/schema/index.ts';
import { DAY_MS, dayOf, monthOf } from '../../src/domain/calendar/calendar.ts';
import type { Billing } from '../../src/service.ts';
import { aTenant, type Clients, type Platform, startPlatform, tenantMessage } from '../harness.ts';

const YUAN = 1_000_000n;
const PERMISSION_DENIED = 7;

describe('commitments, documents and refunds over gRPC', () => {
  let platform: Platform;
  let replicas: [Billing, Billing];
  let gateway: Clients;
  let other: Clients;

  beforeAll(async () => {
    platform = await startPlatform();
    replicas = [await platform.start({ REPLICA_ID: 'replica-a' }), await platform.start({ REPLICA_ID: 'replica-b' })];
    gateway = await platform.clients(replicas[0], 'gateway');
    other = await platform.clients(replicas[1], 'gateway');
  });
  afterAll(async () => {
    for (const replica of replicas) await replica[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  async function anAccount(yuan = 10_000n): Promise<{ tenant: TenantPath; as: { token: string } }> {
    const tenant = aTenant();
    const as = { token: await platform.token(tenant) };
    const money = { channel: 'development', amountMicros: yuan * YUAN, currency: 'CNY', serialNumber: '' };
    await gateway.recharges.createRecharge({ requestId: `pay-${tenant.accountId}`, ...money }, as);
    return { tenant, as };
  }
  async function used(tenant: TenantPath, usageId: string, changes: object = {}): Promise<void> {
    const now = Date.now();
    await platform.publishUsage('scheduler', {
      usageId,
      tenant: tenantMessage(tenant),
      sourceKind: 'job',
      sourceId: `job_${tenant.accountId}`,
      epoch: 1,
      readings: [{ meter: 'gpu_time', quantity: 3_600_000_000n }],
      region: 'cn-shanghai',
      item: 'gpu.a100-80g',
      usageFrom: new Date(now - 1_000),
      usageTo: new Date(now),
      ...changes,
    });
  }
  const spentOf = async (as: { token: string }) => {
    const { entries } = await gateway.wallet.listLedgerEntries({ page: undefined }, as);
    return -entries.filter((one) => one.kind === 'charge').reduce((sum, one) => sum + one.amountMicros, 0n);
  };
  async function collect(pieces: AsyncIterable<{ data: Uint8Array }>): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const { data } of pieces) parts.push(data);
    return Buffer.concat(parts);
  }

  it('sells the plans of the catalogue, shows the policy, and answers a purchase again as it was', async () => {
    const { as } = await anAccount();
    const { plans } = await gateway.plans.listPlans({ page: undefined }, as);
    expect(plans.map((plan) => plan.code)).toContain('a100-80g-month');
    const { policyJson } = await gateway.plans.getCommitmentPolicy({}, as);
    expect(JSON.parse(policyJson)).toMatchObject({ upgrade: { charge: 'difference_of_remaining_seconds' } });
    const purchase = { requestId: 'buy', planCode: 'a100-80g-month', quantity: 1, expiryMode: 'stop' };
    const first = await gateway.plans.purchasePlan(purchase, as);
    expect(await other.plans.purchasePlan(purchase, as)).toEqual(first);
    expect(first.orders).toMatchObject([{ kind: 'purchase', state: 'paid', amountMicros: 6_400n * YUAN }]);
    const id = first.subscription?.subscriptionId ?? '';
    const told = await platform.database.db.select().from(outbox).where(eq(outbox.aggregateId, id));
    expect(told.map((row) => row.subject).sort()).toEqual([
      'suanli.billing.reservation.purchased.v1',
      'suanli.billing.subscription.changed.v1',
    ]);
    const released = await gateway.plans.releaseSubscription({ requestId: 'rel', subscriptionId: id }, as);
    expect(released.refundedMicros).toBeGreaterThan(5_700n * YUAN);
  });

  it.each([
    ['an unknown plan', { planCode: 'none' }, 'PLAN_NOT_FOUND'],
    ['no unit', { quantity: 0 }, 'QUANTITY_OUT_OF_RANGE'],
    ['an unknown mode', { expiryMode: 'maybe' }, 'EXPIRY_MODE_UNKNOWN'],
    ['more than the wallet has', { quantity: 900 }, 'INSUFFICIENT_FUNDS'],
    ['no request id', { requestId: '' }, 'REQUEST_ID_MISSING'],
  ])('refuses %s by name', async (_story, changes, reason) => {
    const { as } = await anAccount(1n);
    const purchase = { requestId: 'r', planCode: 'a100-80g-month', quantity: 1, expiryMode: 'renew', ...changes };
    await expect(gateway.plans.purchasePlan(purchase, as)).rejects.toMatchObject({ reason });
  });

  it('lets operators alone publish plans, refund and decide payouts', async () => {
    const { tenant, as } = await anAccount();
    const denied = { status: PERMISSION_DENIED };
    await expect(gateway.plans.publishPlans({ plans: [] }, as)).rejects.toMatchObject(denied);
    const target = { targetKind: 'order', targetId: 'ord_1', amountMicros: 1n, reason: 'x' };
    const refund = { requestId: 'r', accountId: tenant.accountId, ...target };
    await expect(gateway.refunds.refundToWallet(refund, as)).rejects.toMatchObject(denied);
    const decision = { requestId: 'r', refundId: 'rfd_1', approved: true };
    await expect(gateway.refunds.decidePayout(decision, as)).rejects.toMatchObject(denied);
  });

  it('bills usage on its day, invoices it, and gives the invoice as PDF and the month as CSV', async () => {
    const { tenant, as } = await anAccount();
    await used(tenant, `use-${tenant.accountId}`);
    await eventually(async () => expect(await spentOf(as)).toBe(12_800_000n));
    const month = monthOf(Date.now() - 1_000);
    const { bills, totalMicros } = await gateway.documents.listBills({ month, resourceId: '', page: undefined }, as);
    expect(bills).toMatchObject([{ day: dayOf(Date.now() - 1_000), amountMicros: 12_800_000n }]);
    expect(totalMicros).toBe(12_800_000n);
    const { invoices: issued } = await gateway.documents.issueInvoice({ requestId: 'inv' }, as);
    const invoiceId = issued[0]?.invoiceId ?? '';
    expect(issued).toMatchObject([{ totalMicros: 12_800_000n, lineCount: 1 }]);
    const { lines } = await gateway.documents.listInvoiceLines({ invoiceId, page: undefined }, as);
    expect(lines).toMatchObject([{ referenceId: bills[0]?.billLineId, amountMicros: 12_800_000n, late: false }]);
    const pdf = () => collect(gateway.documents.downloadInvoicePdf({ invoiceId }, as));
    expect((await pdf()).subarray(0, 5).toString()).toBe('%PDF-');
    expect(await pdf()).toEqual(await pdf());
    const csv = (await collect(gateway.documents.exportBills({ month }, as))).toString('utf8');
    expect(csv.split('\r\n')[1]).toContain(`${bills[0]?.billLineId}`);
    const ledger = (await collect(gateway.documents.exportLedger({ month: monthOf(Date.now()) }, as))).toString();
    expect(ledger.trim().split('\r\n')).toHaveLength(3);
    const stranger = { token: await platform.token(aTenant()) };
    await expect(gateway.documents.getInvoice({ invoiceId }, stranger)).rejects.toMatchObject({
      reason: 'INVOICE_NOT_FOUND',
    });
    await expect(collect(gateway.documents.downloadInvoicePdf({ invoiceId }, stranger))).rejects.toMatchObject({
      reason: 'INVOICE_NOT_FOUND',
    });
    const { statement } = await gateway.documents.getStatement({ month: monthOf(Date.now()) }, as);
    expect(statement).toMatchObject({ status: 'open', closingMicros: 10_000n * YUAN - 12_800_000n });
    await expect(gateway.documents.getStatement({ month: '2026-13' }, as)).rejects.toMatchObject({
      reason: 'MONTH_INVALID',
    });
  });

  it('numbers the invoices of two replicas that issue at once without gap or doubling', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => anAccount(100n)));
    await Promise.all(accounts.map(({ tenant }) => used(tenant, `use-${tenant.accountId}`)));
    for (const { as } of accounts) await eventually(async () => expect(await spentOf(as)).toBe(12_800_000n));
    const outcomes = await Promise.all(
      accounts.flatMap(({ as }) =>
        [gateway, other].map((client, i) =>
          client.documents.issueInvoice({ requestId: `inv-${i}` }, as).then(
            () => 'issued',
            (error: { reason?: string }) => error.reason,
          ),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(accounts.length);
    expect(outcomes.filter((outcome) => outcome === 'NOTHING_TO_INVOICE')).toHaveLength(accounts.length);
    const { db } = platform.database;
    const issued = (await db.select({ number: invoices.number }).from(invoices)).map((row) => row.number).sort();
    const [counter] = await db.select().from(documentNumbers);
    expect(issued).toEqual(
      Array.from({ length: counter?.lastNumber ?? 0 }, (_, i) => {
        return `SL-${counter?.year}-${String(i + 1).padStart(6, '0')}`;
      }),
    );
    expect(issued.length).toBeGreaterThanOrEqual(accounts.length);
  });

  it('gives back what was charged for an attempt that was lost, also what is told later', async () => {
    const { tenant, as } = await anAccount(100n);
    const now = Date.now();
    await used(tenant, `one-${tenant.accountId}`);
    await eventually(async () => expect(await spentOf(as)).toBe(12_800_000n));
    const lost = WorkloadChanged.toJSON(
      WorkloadChanged.fromPartial({
        workloadId: `job_${tenant.accountId}`,
        tenant: tenantMessage(tenant),
        kind: 'job',
        phase: 'pending',
        unusable: { epoch: 1, reason: 'lost', from: new Date(now - DAY_MS), to: new Date(now + DAY_MS) },
      }),
    );
    for (let i = 0; i < 3; i++) await platform.publish(EVENTS.workloadChanged.subject, lost);
    const balance = async () => (await gateway.wallet.getWallet({}, as)).wallet?.postedMicros;
    await eventually(async () => expect(await balance()).toBe(100n * YUAN));
    await used(tenant, `late-${tenant.accountId}`);
    await eventually(async () => {
      const { credits } = await gateway.refunds.listCredits({ page: undefined, reason: 'lost' }, as);
      expect(credits.map((credit) => credit.amountMicros)).toEqual([12_800_000n, 12_800_000n]);
    });
    expect(await balance()).toBe(100n * YUAN);
  });

  it('pays unused cash out once an operator agrees', async () => {
    const { as } = await anAccount(100n);
    const { recharges } = await gateway.recharges.listRecharges({ page: undefined, status: '' }, as);
    const about = { rechargeId: recharges[0]?.rechargeId ?? '', amountMicros: 40n * YUAN, reason: 'closing' };
    const { refund } = await gateway.refunds.requestPayout({ requestId: 'out', ...about }, as);
    expect(refund?.state).toBe('requested');
    const operator = { token: await platform.operatorToken() };
    const { refunds } = await gateway.refunds.listOpenPayouts({ page: undefined }, operator);
    expect(refunds.map((one) => one.refundId)).toContain(refund?.refundId);
    const decision = { requestId: 'yes', refundId: refund?.refundId ?? '', approved: true };
    expect((await gateway.refunds.decidePayout(decision, operator)).refund?.state).toBe('paid');
    expect((await gateway.wallet.getWallet({}, as)).wallet).toMatchObject({
      postedMicros: 60n * YUAN,
      pendingMicros: 0n,
    });
  });
});
