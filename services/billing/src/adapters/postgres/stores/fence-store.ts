import type { Tx } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import type { FenceStore } from '../../../app/rating/ports.ts';
import { fences } from '../schema/index.ts';

export function fenceStore(tx: Tx): FenceStore {
  return {
    async insert({ fencedAt, ...epoch }, now) {
      await tx
        .insert(fences)
        .values({ ...epoch, fencedAt: new Date(fencedAt), createdAt: new Date(now) })
        .onConflictDoNothing();
    },
    async ofUsages(usages) {
      const ids = sql.param(usages.map((usage) => usage.source.id));
      const epochs = sql.param(usages.map((usage) => usage.source.epoch));
      const rows = await tx
        .select()
        .from(fences)
        .where(sql`(${fences.sourceId}, ${fences.epoch}) in (select * from unnest(${ids}::text[], ${epochs}::int[]))`);
      return rows.map(({ sourceKind, sourceId, epoch, fencedAt }) => ({
        ...{ sourceKind, sourceId, epoch },
        fencedAt: fencedAt.getTime(),
      }));
    },
  };
}
