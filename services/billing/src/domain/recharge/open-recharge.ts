import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { Recharge } from './recharge.ts';
import { referenceOf } from './reference-code.ts';

/** A recharge that nobody has paid for yet. */
export function openRecharge(
  of: {
    walletId: string;
    tenant: TenantPath;
    channel: string;
    amountMicros: Micros;
    currency: string;
    offerMs: number;
    nextCheckAt?: Instant;
  },
  ctx: { now: Instant; newId: (prefix: string) => string },
): Recharge {
  const { offerMs, ...rest } = of;
  const id = ctx.newId('rch');
  return {
    id,
    ...rest,
    status: 'created',
    reference: referenceOf(id),
    providerId: '',
    instructions: {},
    reason: '',
    receivedMicros: 0n,
    refundedMicros: 0n,
    disputedMicros: 0n,
    expiresAt: ctx.now + offerMs,
    checkCount: 0,
    version: 1n,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  };
}
