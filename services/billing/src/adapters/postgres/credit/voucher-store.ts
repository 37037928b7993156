import type { Tx } from '@suanli/postgres';
import { and, count, eq, isNull, sql } from 'drizzle-orm';
import type { VoucherStore } from '../../../app/vouchers/ports.ts';
import { voucherAttempts, voucherBatches, voucherCodes, voucherRedemptions } from '../schema/index.ts';
import { fromVoucherBatch, toVoucherBatch } from './voucher-rows.ts';

/** Codes by their hashes. Who redeems one has its row locked, so it is never redeemed more often than it may. */
export function voucherStore(tx: Tx): VoucherStore {
  return {
    async insert(batch, codeHashes) {
      await tx.insert(voucherBatches).values(fromVoucherBatch(batch));
      await tx.execute(sql`
        insert into voucher_codes (code_hash, batch_id, max_redemptions)
        select hash, ${batch.id}, ${batch.redemptionsPerCode}::integer
        from unnest(${sql.param([...codeHashes])}::text[]) as made (hash)`);
    },
    async lock(codeHash, accountId) {
      const [found] = await tx
        .select({ code: voucherCodes, batch: voucherBatches })
        .from(voucherCodes)
        .innerJoin(voucherBatches, eq(voucherBatches.id, voucherCodes.batchId))
        .where(eq(voucherCodes.codeHash, codeHash))
        .for('no key update', { of: voucherCodes });
      if (found === undefined) return undefined;
      const isOfAccount = eq(voucherRedemptions.accountId, accountId);
      const [mine] = await tx
        .select({
          inBatch: count(),
          ofCode: sql<number>`count(*) filter (where ${voucherRedemptions.codeHash} = ${codeHash})::integer`,
        })
        .from(voucherRedemptions)
        .where(and(isOfAccount, eq(voucherRedemptions.batchId, found.batch.id)));
      return {
        batch: toVoucherBatch(found.batch),
        redemptions: found.code.redemptions,
        isRedeemedByAccount: (mine?.ofCode ?? 0) > 0,
        redemptionsByAccount: mine?.inBatch ?? 0,
      };
    },
    async redeem({ redeemedAt, ...redemption }) {
      await tx
        .update(voucherCodes)
        .set({ redemptions: sql`${voucherCodes.redemptions} + 1` })
        .where(eq(voucherCodes.codeHash, redemption.codeHash));
      await tx.insert(voucherRedemptions).values({ ...redemption, redeemedAt: new Date(redeemedAt) });
    },
    async withdraw(batchId, now) {
      const isIt = eq(voucherBatches.id, batchId);
      await tx
        .update(voucherBatches)
        .set({ withdrawnAt: new Date(now) })
        .where(and(isIt, isNull(voucherBatches.withdrawnAt)));
      return (await tx.$count(voucherBatches, isIt)) > 0;
    },
    async attempts(accountId) {
      const [row] = await tx.select().from(voucherAttempts).where(eq(voucherAttempts.accountId, accountId));
      return row && { windowFrom: row.windowFrom.getTime(), failures: row.failures };
    },
    async saveAttempts(accountId, { windowFrom, failures }) {
      const row = { windowFrom: new Date(windowFrom), failures };
      await tx
        .insert(voucherAttempts)
        .values({ accountId, ...row })
        .onConflictDoUpdate({ target: voucherAttempts.accountId, set: row });
    },
  };
}
