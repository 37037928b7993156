import { systemContext } from '@suanli/kernel';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeMonths } from '../../src/app/documents/close-month.ts';
import { issueDocuments } from '../../src/app/documents/issue-documents.ts';
import { publishPlans } from '../../src/app/plans/publish-plans.ts';
import { purchasePlan } from '../../src/app/plans/purchase-plan.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { DAY_MS } from '../../src/domain/calendar/calendar.ts';
import { aUsage } from '../../src/testing/builders.ts';
import { pay, tenant, tokens } from '../rating/bench.ts';
import { returnsBench, usageOf } from '../returns/returns-bench.ts';
import { type BillingOnPostgres, billingOnPostgres } from '../under-test.ts';

const { accountId } = tenant;

describe('the audit of what was sold, given back and told', () => {
  let billing: BillingOnPostgres;
  let admin: pg.Client;

  beforeAll(async () => {
    billing = await billingOnPostgres();
    admin = new pg.Client(billing.adminUrl);
    await admin.connect();
    await sellAndGiveBack(billing);
    // Only a superuser can: past every trigger.
    await admin.query('set session_replication_role = replica');
  });
  afterAll(async () => {
    await admin?.end();
    await billing?.[Symbol.asyncDispose]();
  });

  it('finds nothing to begin with', async () => {
    await billing.audit();
    const counts = await admin.query(
      `select (select count(*) from orders)::int as orders, (select count(*) from refunds)::int as refunds,
        (select count(*) from credits)::int as credits, (select count(*) from invoices)::int as invoices,
        (select count(*) from statements)::int as statements, (select count(*) from period_totals)::int as totals`,
    );
    expect(counts.rows).toEqual([{ orders: 2, refunds: 2, credits: 1, invoices: 3, statements: 1, totals: 1 }]);
  });

  const shift = (table: string, column: string, by: number, where = 'true') =>
    (['+', '-'] as const).map((sign) => `update ${table} set ${column} = ${column} ${sign} ${by} where ${where}`);
  const renamed = (table: string, column: string, where = 'true') => [
    `update ${table} set ${column} = ${column} || '!' where ${where}`,
    `update ${table} set ${column} = rtrim(${column}, '!') where ${where}`,
  ];
  const ofLine = "target_kind = 'bill_line'";
  const ofOrder = "target_kind = 'order'";

  it.each([
    [
      'an order costs more than was paid',
      'ordersEqualTheirTransfers',
      ...shift('orders', 'amount_micros', 1, "kind = 'purchase'"),
    ],
    ['a purchase has no order', 'ordersEqualTheirTransfers', ...renamed('orders', 'id', "kind = 'purchase'")],
    [
      'a refund says more than went back',
      'refundsEqualTheirTransfers',
      ...shift('refunds', 'amount_micros', 1, ofOrder),
    ],
    ['a refund went for something else', 'refundsEqualTheirTransfers', ...renamed('refunds', 'target_id', ofLine)],
    [
      'an order forgets its refund',
      'ordersKnowWhatCameBack',
      ...shift('orders', 'refunded_micros', -1, 'refunded_micros > 0'),
    ],
    ['a credit says more than went back', 'creditsEqualTheirTransfers', ...shift('credits', 'amount_micros', 1)],
    ['a credit says more than its charges', 'creditsEqualTheirCharges', ...shift('credits', 'amount_micros', 1)],
    [
      'a credit is of more than its charge',
      'creditsNeverExceedTheirCharges',
      ...shift('credited_charges', 'amount_micros', 9_999, 'amount_micros > 0'),
    ],
    [
      'an invoice asks for more than its lines',
      'invoicesEqualTheirLines',
      ...shift('invoices', 'total_micros', 1, "kind = 'invoice'"),
    ],
    [
      'a line of an invoice is of more',
      'invoicesEqualTheirLines',
      ...shift('invoice_lines', 'amount_micros', 1, 'position = 1'),
    ],
    [
      'an invoice asks for what it does not list',
      'invoicesEqualWhatTheyList',
      ...shift('invoices', 'total_micros', 1, "kind = 'invoice'"),
    ],
    ['an item moved off its document', 'invoicesEqualWhatTheyList', ...renamed('invoiced_items', 'item_id')],
    ['a document is missing', 'documentNumbersHaveNoGaps', ...shift('document_numbers', 'last_number', 1)],
    ['a statement ends elsewhere', 'statementsEqualTheLedger', ...shift('statements', 'closing_micros', 1)],
    ['a statement leaves an entry out', 'statementsEqualTheLedger', ...shift('statements', 'to_sequence', -1)],
    [
      'a line forgets its refund',
      'linesKnowWhatCameBack',
      ...shift('bill_lines', 'refunded_micros', -1, 'refunded_micros > 0'),
    ],
    [
      'a line forgets its credit',
      'linesKeepWhatTheLedgerSays',
      ...shift('bill_lines', 'credited_micros', -1, 'credited_micros > 0'),
    ],
    ['a total forgets a refund', 'totalsKnowWhatCameBack', ...shift('period_totals', 'refunded_micros', 1)],
    [
      'more went back than was taken, however well the rest is forged',
      'nothingComesBackTwice',
      ...shift('transfers', 'amount_micros', 99_999, "code = 'compensation'"),
    ],
  ] as [string, string, string, string][])('finds that %s: %s', async (_story, check, forge, repair) => {
    await admin.query(forge);
    const found = await billing.report();
    await admin.query(repair);
    expect(Object.keys(found.broken)).toContain(check);
    await billing.audit();
  });
});

/** A plan with a refund, usage with a refund, a credit and a correction, a shared total; all of it invoiced, the month closed. */
async function sellAndGiveBack(billing: BillingOnPostgres): Promise<void> {
  const { deps, clock } = billing;
  const ctx = systemContext(tenant, 'test', new AbortController().signal);
  const bench = returnsBench(billing);
  await pay(deps, tenant, 100_000n);
  const benefit = { kind: 'reservation', item: 'gpu', region: 'cn', count: 1 } as const;
  const terms = { name: 'p', period: 'month', family: 'f', effectiveFrom: 0, isWithdrawn: false } as const;
  await publishPlans(deps, [{ code: 'p', priceMicros: 1_000n, benefit, ...terms }]);
  await publishPrices(deps, [{ ...tokens(1n), model: { kind: 'volume', tiers: [{ amountMicros: 10n }] } }]);
  const purchase = { requestId: 'b', planCode: 'p', quantity: 1, expiryMode: 'stop' as const };
  const bought = await purchasePlan(deps, ctx, purchase);
  if (bought.kind === 'refused') throw new Error('the plan was refused');
  const fact = { job: 1, span: { from: 0, to: 100 } };
  await bench.record(usageOf({ ...fact, id: 'a', perMs: 21 }));
  await bench.record(usageOf({ ...fact, job: 2, id: 'c', perMs: 7 }));
  await bench.record(
    aUsage({
      usageId: 'tokens',
      source: { kind: 'job', id: 'job_3', epoch: 1 },
      readings: [{ meter: 'tokens_output', quantity: 5n }],
    }),
  );
  await issueDocuments(deps, { requestId: 'invoice', accountId });
  const target = { kind: 'order' as const, id: bought.subscription.orderId };
  await refundMoneyToWallet(deps, { requestId: 'r', accountId, target, amountMicros: 300n, reason: 'asked for' });
  await bench.refund(1, 900n);
  await bench.record(usageOf({ ...fact, id: 'b', perMs: 14 }, 'a'));
  await bench.unusable(2, { from: 50, to: 100 });
  await issueDocuments(deps, { requestId: 'note', accountId });
  await clock.advance(33 * DAY_MS);
  for (let closed = 1; closed > 0; ) closed = await closeMonths(deps, 10);
}
