import type { IncomingPayment } from '../../../domain/recharge/incoming-payment.ts';
import type { Recharge, RechargeMovement } from '../../../domain/recharge/recharge.ts';
import { fromTenant, toTenant } from '../rows.ts';
import type { incomingPayments, rechargeMovements, recharges } from '../schema/index.ts';

/** Between rows and the domain, as in rows.ts. */

export function toRecharge(row: typeof recharges.$inferSelect): Recharge {
  const { accountId, subAccountId, workspaceId, principalId, nextCheckAt, ...rest } = row;
  return {
    ...rest,
    tenant: toTenant({ accountId, subAccountId, workspaceId, principalId }),
    expiresAt: row.expiresAt.getTime(),
    ...(nextCheckAt !== null && { nextCheckAt: nextCheckAt.getTime() }),
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

export function fromRecharge({ tenant, ...recharge }: Recharge): typeof recharges.$inferInsert {
  return {
    ...recharge,
    ...fromTenant(tenant),
    instructions: { ...recharge.instructions },
    expiresAt: new Date(recharge.expiresAt),
    nextCheckAt: recharge.nextCheckAt === undefined ? null : new Date(recharge.nextCheckAt),
    createdAt: new Date(recharge.createdAt),
    updatedAt: new Date(recharge.updatedAt),
  };
}

export function toMovement(row: typeof rechargeMovements.$inferSelect): RechargeMovement {
  return { ...row, createdAt: row.createdAt.getTime() };
}

export function toPayment(row: typeof incomingPayments.$inferSelect): IncomingPayment {
  return {
    ...row,
    bookedAt: row.bookedAt.getTime(),
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

export function fromPayment(payment: IncomingPayment): typeof incomingPayments.$inferInsert {
  return {
    ...payment,
    bookedAt: new Date(payment.bookedAt),
    createdAt: new Date(payment.createdAt),
    updatedAt: new Date(payment.updatedAt),
  };
}
