import type { Tx } from '@suanli/postgres';
import { and, asc, eq, gt, isNull, lte, gte, or, sql } from 'drizzle-orm';
import type { CommitmentStore } from '../../../app/prices/ports.ts';
import { toCommitment } from '../rows.ts';
import { billLines, charges, commitments } from '../schema/index.ts';

export function commitmentStore(tx: Tx): CommitmentStore {
  return {
    async insert({ createdAt, ...commitment }) {
      await tx.insert(commitments).values({ ...commitment, createdAt: new Date(createdAt) });
    },
    async ofAccount(accountId) {
      const rows = await tx
        .select()
        .from(commitments)
        .where(eq(commitments.accountId, accountId))
        .orderBy(asc(commitments.fromMonth));
      return rows.map(toCommitment);
    },
    async ofMonth(month, { afterId, limit }) {
      const rows = await tx
        .select()
        .from(commitments)
        .where(
          and(
            lte(commitments.fromMonth, month),
            or(isNull(commitments.untilMonth), gte(commitments.untilMonth, month)),
            gt(commitments.id, afterId),
          ),
        )
        .orderBy(asc(commitments.id))
        .limit(limit);
      return rows.map(toCommitment);
    },
    async spentIn(month, accountId) {
      const [row] = await tx
        .select({ spent: sql<string>`coalesce(sum(${charges.amountMicros} - ${charges.writtenOffMicros}), 0)::text` })
        .from(charges)
        .innerJoin(billLines, eq(billLines.id, charges.billLineId))
        .where(
          and(
            eq(billLines.accountId, accountId),
            sql`${charges.day} >= ${`${month}-01`} and ${charges.day} <= ${`${month}-31`}`,
            sql`${charges.meter} <> 'minimum_commit'`,
          ),
        );
      return BigInt(row?.spent ?? '0');
    },
  };
}
