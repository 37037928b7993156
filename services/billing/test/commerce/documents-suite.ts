import { systemContext } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { creditLateUsage, creditUnusableTime } from '../../src/app/credits/credit-unusable-time.ts';
import { closeMonths } from '../../src/app/documents/close-month.ts';
import { getStatement } from '../../src/app/documents/get-statement.ts';
import { issueDocuments } from '../../src/app/documents/issue-documents.ts';
import { publishPlans } from '../../src/app/plans/publish-plans.ts';
import { purchasePlan } from '../../src/app/plans/purchase-plan.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { decidePayoutRequested } from '../../src/app/refunds/decide-payout.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { requestPayout } from '../../src/app/refunds/request-payout.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { DAY_MS, dayOf, HOUR_MS, monthAfter, monthOf } from '../../src/domain/calendar/calendar.ts';
import type { Invoice } from '../../src/domain/document/invoice.ts';
import { addsUp } from '../../src/domain/document/statement.ts';
import { aTenantPath, aUsage, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

const MONTH = monthOf(NOW);

/** Bills, statements, invoices, refunds and credits as they follow from charges, whatever keeps the rows. */
export function documentsSuite(make: () => Promise<BillingUnderTest>): void {
  const tenant = aTenantPath();
  const { accountId } = tenant;
  const ctx = systemContext(tenant, 'test', new AbortController().signal);

  async function start(): Promise<BillingUnderTest> {
    const billing = await make();
    await pay(billing, 1_000_000n, 'first');
    return billing;
  }
  const pay = ({ deps }: BillingUnderTest, amountMicros: bigint, requestId: string) =>
    recharge(deps, ctx, { requestId, channel: 'development', amountMicros, currency: 'CNY', serialNumber: '' });
  /** Three units cost seven micros. */
  const use = async (
    { deps }: BillingUnderTest,
    usageId: string,
    quantity: bigint,
    at: number,
    more: { job?: string; epoch?: number } = {},
  ) => {
    const usage = aUsage({
      usageId,
      tenant,
      source: { kind: 'job', id: more.job ?? 'job_1', epoch: more.epoch ?? 1 },
      readings: [{ meter: 'gpu_time', quantity }],
      from: at,
      to: at + 1_000,
    });
    const [outcome] = await deps.transact((stores) => rateUsages(deps, stores, [usage]));
    if (outcome?.kind !== 'rated') throw new Error(`usage was ${outcome?.kind}`);
  };
  const issue = async ({ deps }: BillingUnderTest, requestId: string): Promise<Invoice[]> => {
    const result = await issueDocuments(deps, { requestId, accountId });
    return result.kind === 'issued' ? result.documents : [];
  };
  async function close(billing: BillingUnderTest, month: string): Promise<void> {
    await billing.clock.advance(
      Math.max(0, Date.parse(`${monthAfter(month)}-02T00:00:00+08:00`) - billing.clock.now()),
    );
    for (let closed = 1; closed > 0; ) closed = await closeMonths(billing.deps, 10);
  }
  const invoices = async ({ deps }: BillingUnderTest) =>
    (await deps.reads.invoices(accountId, { limit: 50 }, '')).rows.reverse();
  const linesOf = async ({ deps }: BillingUnderTest, id: string) =>
    (await deps.reads.invoiceLines(id, { limit: 100 })).rows;
  const spentMicros = async ({ deps }: BillingUnderTest) => {
    const { rows } = await deps.reads.ledgerEntries((await deps.reads.wallet(accountId))?.id ?? '', { limit: 200 });
    const codes = ['charge', 'purchase', 'refund', 'compensation'];
    return -rows.filter((row) => codes.includes(row.code)).reduce((sum, row) => sum + row.amountMicros, 0n);
  };
  const invoicedMicros = async (billing: BillingUnderTest) =>
    (await invoices(billing)).reduce(
      (sum, one) => sum + (one.kind === 'invoice' ? one.totalMicros : -one.totalMicros),
      0n,
    );
  const money = async ({ deps }: BillingUnderTest) => (await deps.reads.wallet(accountId))?.postedMicros;

  describe('bills', () => {
    it('are one line for each resource and day, and the running day is live', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW - DAY_MS);
      await use(billing, 'u2', 30n, NOW - DAY_MS + HOUR_MS);
      await use(billing, 'u3', 3n, NOW);
      await use(billing, 'u4', 3n, NOW, { job: 'job_2' });
      const query = { month: MONTH, resourceId: '', today: dayOf(NOW) };
      const months = [...new Set([monthOf(NOW - DAY_MS), MONTH])];
      const bills = [];
      for (const month of months) {
        bills.push(...(await billing.deps.reads.bills(tenant, { ...query, month }, { limit: 50 })).rows);
      }
      expect(bills.map(({ day, resourceId, amountMicros, isLive }) => [day, resourceId, amountMicros, isLive])).toEqual(
        expect.arrayContaining([
          [dayOf(NOW - DAY_MS), 'job_1', 770n, false],
          [dayOf(NOW), 'job_1', 7n, true],
          [dayOf(NOW), 'job_2', 7n, true],
        ]),
      );
      expect(bills).toHaveLength(3);
      expect(await billing.deps.reads.bills(aTenantPath('acc_2'), query, { limit: 50 })).toMatchObject({ rows: [] });
    });

    it('are read in pages without loss or doubling, and sum to the total', async () => {
      await using billing = await start();
      for (let i = 0; i < 7; i++) await use(billing, `u${i}`, 3n, NOW + i * 1_000, { job: `job_${i}` });
      const query = { month: MONTH, resourceId: '', today: dayOf(NOW) };
      const seen: bigint[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await billing.deps.reads.bills(tenant, query, { limit: 3, ...(after !== undefined && { after }) });
        seen.push(...page.rows.map((row) => row.amountMicros));
        more = page.hasMore;
        after = page.nextKey;
      }
      expect(seen).toEqual(Array.from({ length: 7 }, () => 7n));
      expect(await billing.deps.reads.billTotal(tenant, query)).toMatchObject({ amountMicros: 49n, lineCount: 7 });
    });
  });

  describe('a statement', () => {
    it('is opening plus movements equals closing, is the ledger to the micro, and goes on where the last one closed', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      await close(billing, MONTH);
      await pay(billing, 5_000n, 'second');
      await use(billing, 'u2', 30n, billing.clock.now());
      const next = monthAfter(MONTH);
      const [closed, open] = [
        await getStatement(billing.deps, accountId, MONTH),
        await getStatement(billing.deps, accountId, next),
      ];
      expect(closed).toMatchObject({ status: 'closed', openingMicros: 0n, closingMicros: 999_300n });
      expect(open).toMatchObject({ status: 'open', openingMicros: 999_300n, closingMicros: 1_004_230n });
      for (const one of [closed, open]) expect(one && addsUp(one)).toBe(true);
      expect(open?.afterSequence).toBe(closed?.toSequence);
      expect(open?.closingMicros).toBe(await money(billing));
      expect(open?.movements.map(({ code, inMicros, outMicros }) => [code, inMicros, outMicros])).toEqual([
        ['charge', 0n, 70n],
        ['recharge', 5_000n, 0n],
      ]);
    });

    it('that is closed does not change, and one of a month to come is not there', async () => {
      await using billing = await start();
      await close(billing, MONTH);
      const before = await getStatement(billing.deps, accountId, MONTH);
      await use(billing, 'late', 300n, NOW + 5);
      expect(await getStatement(billing.deps, accountId, MONTH)).toEqual(before);
      expect(await getStatement(billing.deps, accountId, monthAfter(monthOf(billing.clock.now())))).toBeUndefined();
      expect(await getStatement(billing.deps, 'acc_none', MONTH)).toBeUndefined();
    });
  });

  describe('invoices', () => {
    it('list every charge once, with late usage on the next one, and sum to the ledger', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      await close(billing, MONTH);
      await use(billing, 'late', 30n, NOW + 5);
      await use(billing, 'u2', 3n, billing.clock.now());
      await close(billing, monthAfter(MONTH));
      const [first, second] = await invoices(billing);
      expect([first?.totalMicros, second?.totalMicros]).toEqual([700n, 77n]);
      expect((await linesOf(billing, second?.id ?? '')).map((line) => [line.amountMicros, line.isLate])).toEqual([
        [70n, true],
        [7n, false],
      ]);
      expect(await invoicedMicros(billing)).toBe(await spentMicros(billing));
      await billing.audit();
    });

    it('are issued on request over what is open, once for a request, and not over nothing', async () => {
      await using billing = await start();
      expect(await issueDocuments(billing.deps, { requestId: 'none', accountId })).toMatchObject({
        refusal: { reason: 'nothing_to_invoice' },
      });
      await use(billing, 'u1', 300n, NOW);
      const first = await issue(billing, 'r1');
      expect(await issue(billing, 'r1')).toEqual(first);
      expect(await issue(billing, 'r2')).toEqual([]);
      await use(billing, 'u2', 30n, NOW + 1);
      await close(billing, MONTH);
      expect((await invoices(billing)).map((one) => one.totalMicros)).toEqual([700n, 70n]);
    });

    it('have numbers without gaps in their year', async () => {
      await using billing = await start();
      for (let i = 0; i < 3; i++) {
        await use(billing, `u${i}`, 3n, NOW + i);
        await issue(billing, `r${i}`);
        await issueDocuments(billing.deps, { requestId: `nothing${i}`, accountId });
      }
      const year = dayOf(NOW).slice(0, 4);
      expect((await invoices(billing)).map((one) => one.number)).toEqual([
        `SL-${year}-000001`,
        `SL-${year}-000002`,
        `SL-${year}-000003`,
      ]);
    });

    it('of several callers at once list each charge once and have numbers without gaps', async () => {
      await using billing = await start();
      for (let i = 0; i < 5; i++) await use(billing, `u${i}`, 3n, NOW + i);
      await Promise.all(Array.from({ length: 8 }, (_, i) => issue(billing, `r${i}`)));
      expect((await invoices(billing)).map((one) => one.totalMicros)).toEqual([35n]);
    });

    it('list orders; a refund of them before is a negative line, and after it a credit note', async () => {
      await using billing = await start();
      const benefit = { kind: 'reservation', item: 'gpu', region: 'cn', count: 1 } as const;
      const terms = { name: '包月', period: 'month', family: 'f', effectiveFrom: 0, isWithdrawn: false } as const;
      await publishPlans(billing.deps, [{ code: 'p', priceMicros: 1_000n, benefit, ...terms }]);
      const purchase = { requestId: 'b', planCode: 'p', quantity: 1, expiryMode: 'stop' as const };
      const bought = await purchasePlan(billing.deps, ctx, purchase);
      if (bought.kind === 'refused') throw new Error('refused');
      const refund = (requestId: string, amountMicros: bigint) =>
        refundMoneyToWallet(billing.deps, {
          ...{ requestId, accountId, amountMicros, reason: 'goodwill' },
          target: { kind: 'order', id: bought.subscription.orderId },
        });
      await refund('x', 300n);
      const [first] = await issue(billing, 'r1');
      expect(first?.totalMicros).toBe(700n);
      await refund('y', 200n);
      const [note] = await issue(billing, 'r2');
      expect(note).toMatchObject({ kind: 'credit_note', originalId: first?.id, totalMicros: 200n });
      expect(note?.number).toMatch(/^SLC-\d{4}-000001$/);
      expect(await invoicedMicros(billing)).toBe(await spentMicros(billing));
      await billing.audit();
    });
  });

  describe('a refund of a bill line', () => {
    it('never exceeds what was paid, and makes a credit note of the invoice that listed it', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      const [line] = (await billing.deps.reads.billLines(tenant, { limit: 1 }, '')).rows;
      const refund = (requestId: string, amountMicros: bigint) =>
        refundMoneyToWallet(billing.deps, {
          ...{ requestId, accountId, amountMicros, reason: 'outage' },
          target: { kind: 'bill_line', id: line?.id ?? '' },
        });
      expect(await refund('a', 701n)).toMatchObject({ refusal: { reason: 'refund_exceeds_payment' } });
      const [invoice] = await issue(billing, 'r1');
      await refund('b', 500n);
      expect(await refund('c', 201n)).toMatchObject({ refusal: { reason: 'refund_exceeds_payment' } });
      const [note] = await issue(billing, 'r2');
      expect(note).toMatchObject({ kind: 'credit_note', originalId: invoice?.id, totalMicros: 500n });
      expect(await money(billing)).toBe(999_800n);
      await billing.audit();
    });
  });

  describe('credits for unusable time', () => {
    const window = (billing: BillingUnderTest, from = NOW, to = NOW + HOUR_MS) => ({
      source: { kind: 'job', id: 'job_1', epoch: 1 },
      accountId,
      reason: 'lost' as const,
      from,
      to,
      toldAt: billing.clock.now(),
    });
    const tell = (billing: BillingUnderTest, told = window(billing)) =>
      billing.deps.transact((stores) => creditUnusableTime(billing.deps, stores, told));

    it('give back what was charged, once, however often it is told', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      await Promise.all([tell(billing), tell(billing), tell(billing)]);
      expect(await money(billing)).toBe(1_000_000n);
      const { rows } = await billing.deps.reads.credits(tenant, { limit: 10 }, '');
      expect(rows).toMatchObject([{ amountMicros: 700n, reason: 'lost', source: { id: 'job_1', epoch: 1 } }]);
      await billing.audit();
    });

    it('reach usage that comes in later, and not that of another epoch', async () => {
      await using billing = await start();
      await tell(billing);
      await use(billing, 'u1', 300n, NOW);
      await use(billing, 'u2', 30n, NOW + 1_000, { epoch: 2 });
      for (let i = 0; i < 2; i++) {
        await billing.deps.transact((stores) => creditLateUsage(billing.deps, stores, { id: 'job_1', epoch: 1 }));
      }
      expect(await money(billing)).toBe(1_000_000n - 70n);
    });

    it('cover the unusable part only, and the first telling stands', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      await tell(billing, window(billing, NOW + 500));
      await tell(billing, window(billing, NOW));
      expect(await money(billing)).toBe(1_000_000n - 350n);
    });

    it('never give back what was refunded before', async () => {
      await using billing = await start();
      await use(billing, 'u1', 300n, NOW);
      const [line] = (await billing.deps.reads.billLines(tenant, { limit: 1 }, '')).rows;
      const target = { kind: 'bill_line' as const, id: line?.id ?? '' };
      const command = { requestId: 'a', accountId, target, amountMicros: 600n, reason: 'outage' };
      await refundMoneyToWallet(billing.deps, command);
      await tell(billing);
      expect(await money(billing)).toBe(1_000_000n);
    });
  });

  describe('a payout', () => {
    async function requested(billing: BillingUnderTest, amountMicros = 400_000n, requestId = 'out') {
      const [source] = (await billing.deps.reads.recharges(tenant, { limit: 1 }, '')).rows;
      const command = { requestId, rechargeId: source?.id ?? '', amountMicros, reason: 'closing' };
      return requestPayout(billing.deps, ctx, command);
    }
    const decide = (billing: BillingUnderTest, refundId: string, isApproved: boolean, requestId = 'yes') =>
      decidePayoutRequested(billing.deps, { requestId, refundId, isApproved, by: 'op_1' });

    it('is held while it waits, leaves the wallet when approved, and is sent once', async () => {
      await using billing = await start();
      const request = await requested(billing);
      if (request.kind === 'refused') throw new Error(request.refusal.reason);
      expect(await billing.deps.reads.wallet(accountId)).toMatchObject({ pendingMicros: 400_000n });
      const first = await decide(billing, request.refund.id, true);
      expect(first).toMatchObject({ refund: { state: 'paid' } });
      expect(await decide(billing, request.refund.id, true)).toMatchObject({ refund: { id: request.refund.id } });
      expect(await decide(billing, request.refund.id, false, 'no')).toMatchObject({
        refusal: { reason: 'refund_already_decided' },
      });
      expect(await billing.deps.reads.wallet(accountId)).toMatchObject({ postedMicros: 600_000n, pendingMicros: 0n });
      await billing.audit();
    });

    it('that is rejected leaves the money where it was', async () => {
      await using billing = await start();
      const request = await requested(billing);
      if (request.kind === 'refused') throw new Error(request.refusal.reason);
      expect(await decide(billing, request.refund.id, false)).toMatchObject({ refund: { state: 'rejected' } });
      expect(await billing.deps.reads.wallet(accountId)).toMatchObject({ postedMicros: 1_000_000n, pendingMicros: 0n });
      await billing.audit();
    });

    it('never exceeds the recharge or the cash that is free', async () => {
      await using billing = await start();
      expect(await requested(billing, 1_010_000n)).toMatchObject({ refusal: { reason: 'refund_exceeds_payment' } });
      expect(await requested(billing, 0n)).toMatchObject({ kind: 'refused' });
      await requested(billing, 700_000n, 'a');
      expect(await requested(billing, 400_000n, 'b')).toMatchObject({ refusal: { reason: 'refund_exceeds_payment' } });
      await use(billing, 'u1', 90_000n, NOW);
      expect(await requested(billing, 300_000n, 'c')).toMatchObject({
        refusal: { reason: 'insufficient_cash', missingMicros: 210_000n },
      });
    });
  });
}
