import type { Tx } from '@suanli/postgres';
import type { RechargeStore } from '../../../app/ports.ts';
import { fromTenant } from '../rows.ts';
import { recharges } from '../schema/index.ts';

export function rechargeStore(tx: Tx): RechargeStore {
  return {
    async insert({ tenant, createdAt, ...recharge }) {
      const inserted = await tx
        .insert(recharges)
        .values({ ...recharge, ...fromTenant(tenant), createdAt: new Date(createdAt) })
        .onConflictDoNothing({ target: [recharges.channel, recharges.serialNumber] })
        .returning({ id: recharges.id });
      return inserted.length === 1;
    },
  };
}
