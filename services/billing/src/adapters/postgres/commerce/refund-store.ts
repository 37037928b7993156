import type { Tx } from '@suanli/postgres';
import { eq, sql } from 'drizzle-orm';
import type { CreditStore, RefundStore } from '../../../app/refunds/ports.ts';
import type { CreditReason } from '../../../domain/refund/credit.ts';
import { toTenant } from '../rows.ts';
import { creditedCharges, credits, refunds, unusableWindows } from '../schema/index.ts';
import { fromCredit, fromRefund, toRefund } from './refund-rows.ts';

export function refundStore(tx: Tx): RefundStore {
  return {
    async get(id) {
      const [row] = await tx.select().from(refunds).where(eq(refunds.id, id));
      return row && toRefund(row);
    },
    async insert(refund) {
      await tx.insert(refunds).values(fromRefund(refund));
    },
    async saveState({ id, state, serialNumber, decidedBy, updatedAt }) {
      await tx
        .update(refunds)
        .set({ state, serialNumber, decidedBy, updatedAt: new Date(updatedAt) })
        .where(eq(refunds.id, id));
    },
    async openPayoutMicros(rechargeId) {
      const found = await tx.execute<{ total: string }>(sql`
        select coalesce(sum(amount_micros), 0)::text as total from refunds
        where target_id = ${rechargeId} and kind = 'payout' and state in ('requested', 'approved')`);
      return BigInt(found.rows[0]?.total ?? 0);
    },
    async approvedIds(limit) {
      const rows = await tx
        .select({ id: refunds.id })
        .from(refunds)
        .where(eq(refunds.state, 'approved'))
        .orderBy(refunds.id)
        .limit(limit);
      return rows.map((row) => row.id);
    },
    async creditSpentOn(references) {
      const found = await tx.execute<{ reference: string; lot_id: string; amount: string }>(sql`
        select parts.reference, parts.lot_id,
          sum(case when t.to_account_id = lots.wallet_id then -parts.amount_micros else parts.amount_micros end)::text as amount
        from transfer_lots parts
        join transfers t on t.id = parts.transfer_id and t.kind in ('post', 'post_pending')
        join credit_lots lots on lots.id = parts.lot_id
        where parts.reference = any(${sql.param([...references])}::text[])
        group by parts.reference, parts.lot_id`);
      return found.rows.map((row) => ({
        reference: row.reference,
        lotId: row.lot_id,
        amountMicros: BigInt(row.amount),
      }));
    },
  };
}

export function creditStore(tx: Tx): CreditStore {
  return {
    async insertWindow({ source, accountId, reason, from, to, toldAt }) {
      const inserted = await tx
        .insert(unusableWindows)
        .values({
          sourceId: source.id,
          epoch: source.epoch,
          sourceKind: source.kind,
          accountId,
          reason,
          unusableFrom: new Date(from),
          unusableTo: new Date(to),
          toldAt: new Date(toldAt),
        })
        .onConflictDoNothing()
        .returning({ id: unusableWindows.sourceId });
      return inserted.length === 1;
    },
    async windows(of) {
      if (of.length === 0) return [];
      const ids = sql.param(of.map((one) => one.id));
      const epochs = sql.param(of.map((one) => one.epoch));
      const rows = await tx
        .select()
        .from(unusableWindows)
        .where(sql`(${unusableWindows.sourceId}, ${unusableWindows.epoch})
          in (select * from unnest(${ids}::text[], ${epochs}::integer[]))`);
      return rows.map((row) => ({
        source: { kind: row.sourceKind, id: row.sourceId, epoch: row.epoch },
        accountId: row.accountId,
        reason: row.reason as CreditReason,
        from: row.unusableFrom.getTime(),
        to: row.unusableTo.getTime(),
        toldAt: row.toldAt.getTime(),
      }));
    },
    async openCharges({ source, accountId }) {
      const rows = await tx.execute<{
        id: string;
        fact_id: string;
        day: string;
        bill_line_id: string;
        account_id: string;
        sub_account_id: string;
        workspace_id: string;
        principal_id: string;
        own: string;
        usage_from: string | Date;
        usage_to: string | Date;
      }>(sql`
        select charge.id, charge.fact_id, charge.day, charge.bill_line_id, line.account_id, line.sub_account_id, line.workspace_id, line.principal_id,
          (charge.amount_micros - charge.written_off_micros)::text as own, charge.usage_from, charge.usage_to
        from charges charge
        join bill_lines line on line.id = charge.bill_line_id
        join usage_events usage on usage.usage_id = charge.usage_id
        where line.account_id = ${accountId} and line.source_kind = ${source.kind} and line.source_id = ${source.id}
          and (usage.body -> 'source' ->> 'epoch')::integer = ${source.epoch}
          and not exists (select from credited_charges looked where looked.charge_id = charge.id)
        order by charge.created_at, charge.revision, charge.id`);
      return rows.rows.map((row) => ({
        chargeId: row.id,
        factId: row.fact_id,
        day: row.day,
        billLineId: row.bill_line_id,
        tenant: toTenant({
          accountId: row.account_id,
          subAccountId: row.sub_account_id,
          workspaceId: row.workspace_id,
          principalId: row.principal_id,
        }),
        ownMicros: BigInt(row.own),
        from: new Date(row.usage_from).getTime(),
        to: new Date(row.usage_to).getTime(),
      }));
    },
    async insert(given, looked) {
      if (given.length > 0) await tx.insert(credits).values(given.map(fromCredit));
      if (looked.length === 0) return;
      await tx.insert(creditedCharges).values(
        looked.map(({ chargeId, creditId, amountMicros }) => ({
          chargeId,
          creditId: creditId ?? null,
          amountMicros,
        })),
      );
    },
  };
}
