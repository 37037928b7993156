import { sqlState } from '@suanli/postgres';
import { systemContext } from '@suanli/kernel';
import { sql } from 'drizzle-orm';
import { connectPostgres } from '@suanli/postgres';
import { silentLogger } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { publishPlans } from '../../src/app/plans/publish-plans.ts';
import { purchasePlan } from '../../src/app/plans/purchase-plan.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { documentNumber, seriesOf } from '../../src/domain/document/series.ts';
import { aTenantPath, NOW } from '../../src/testing/builders.ts';
import { billingOnPostgres } from '../under-test.ts';

const REFUSED = /restrict_violation|permission denied|append-only|is not rewritten/;

describe('what was sold or issued', () => {
  it('is not rewritten by the service, and a period is paid once whatever goes wrong above', async () => {
    await using billing = await billingOnPostgres();
    const ctx = systemContext(aTenantPath(), 'test', new AbortController().signal);
    const pay = { requestId: 'p', channel: 'development', amountMicros: 10_000n, currency: 'CNY', serialNumber: '' };
    await recharge(billing.deps, ctx, pay);
    const benefit = { kind: 'reservation', item: 'gpu', region: 'cn', count: 1 } as const;
    const terms = { name: 'p', period: 'month', family: 'f', effectiveFrom: 0, isWithdrawn: false } as const;
    await publishPlans(billing.deps, [{ code: 'p', priceMicros: 1_000n, benefit, ...terms }]);
    const purchase = { requestId: 'b', planCode: 'p', quantity: 1, expiryMode: 'renew' as const };
    const bought = await purchasePlan(billing.deps, ctx, purchase);
    if (bought.kind === 'refused') throw new Error('refused');
    const options = { url: billing.url, maxConnections: 2, applicationName: 'test', statementTimeoutMs: 5_000 };
    await using db = await connectPostgres(options, silentLogger);
    for (const forgery of [
      sql`update orders set amount_micros = 1`,
      sql`update orders set refunded_micros = -1`,
      sql`delete from orders`,
      sql`update plans set price_micros = 1`,
      sql`delete from subscriptions`,
      sql`update statements set closing_micros = 1`,
      sql`delete from invoices`,
      sql`delete from invoiced_items`,
      sql`update credits set amount_micros = 1`,
      sql`delete from document_numbers`,
    ]) {
      const failure: unknown = await db.execute(forgery).then(
        () => 'done',
        (error: unknown) => (error instanceof Error ? `${error.message} ${String(error.cause)}` : error),
      );
      expect(failure).toMatch(REFUSED);
    }
    const [order] = bought.orders;
    if (order === undefined) throw new Error('no order');
    const twice = billing.deps.transact((stores) =>
      stores.orders.insert({ ...order, id: 'ord_twice', kind: 'renewal' }),
    );
    expect(sqlState(await twice.catch((error: unknown) => error))).toBe('23505');
  });

  it('gives a number back when its document is not committed', async () => {
    await using billing = await billingOnPostgres();
    const series = seriesOf('invoice', NOW);
    const take = () => billing.deps.transact((stores) => stores.documents.takeNumber(series.series, series.year));
    expect(documentNumber(series, await take())).toMatch(/000001$/);
    const killed = billing.deps.transact(async (stores) => {
      await stores.documents.takeNumber(series.series, series.year);
      throw new Error('killed between number and document');
    });
    await expect(killed).rejects.toThrow('killed between');
    expect(documentNumber(series, await take())).toMatch(/000002$/);
  });
});
