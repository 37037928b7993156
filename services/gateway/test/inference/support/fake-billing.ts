import { createGrpcServer, failedPrecondition, internalHandler, refuse, unary } from '@suanli/grpc-kit';
import { systemClock } from '@suanli/kernel';
import {
  type HoldResult,
  HoldServiceService,
  type HoldServiceServer,
  PricingServiceService,
  type PricingServiceServer,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { Hold } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { silentLogger, type TlsIdentity } from '@suanli/test-kit';
import type { HoldOutcome } from '../../../src/app/inference/ports.ts';
import { type MemoryBudget, memoryHoldDesk, type MemoryHoldDesk } from '../../../src/testing/memory-hold-desk.ts';

export type FakeBilling = AsyncDisposable & {
  address: string;
  /** The wallet of an account; it is empty until it is filled. */
  fill(accountId: string, walletMicros: bigint, budgets?: readonly MemoryBudget[]): void;
  desk(accountId: string): MemoryHoldDesk;
  /** Models without a price. */
  unpriced: Set<string>;
};

/** Micros for one token: what a call costs can be reckoned in the head. */
export const INPUT_MICROS = 1n;
export const OUTPUT_MICROS = 10n;

/** Billing's internal listener: holds over one wallet for each account, and a price for every model. */
export async function fakeBilling(tls: TlsIdentity): Promise<FakeBilling> {
  const desks = new Map<string, MemoryHoldDesk>();
  const unpriced = new Set<string>();
  const desk = (accountId: string) => desks.get(accountId) ?? memoryHoldDesk({ walletMicros: 0n, clock: systemClock });
  // Ids of holds name their account here, so that a command on a hold finds its wallet.
  const toOwn = (holdId: string) => holdId.split('@') as [string, string];
  const access = internalHandler({ callers: ['gateway'] });

  const holds: HoldServiceServer = {
    placeHolds: unary(access, async (_peer, { commands }) => {
      const results = commands.map(async ({ requestId, tenant, amountMicros, expiresAt, purpose, scope }) => {
        const accountId = tenant?.accountId ?? '';
        const until = expiresAt?.getTime() ?? 0;
        const command = {
          requestId,
          amountMicros,
          expiresAt: until,
          leaseId: purpose?.id ?? '',
          item: scope?.item ?? '',
        };
        const own = tenant && { accountId, workspaceId: tenant.workspaceId, principalId: tenant.principalId };
        if (own === undefined) throw new Error('a hold without a tenant');
        return toResult(requestId, await desk(accountId).place({ ...command, tenant: own }), accountId);
      });
      return { results: await Promise.all(results) };
    }),
    extendHolds: unary(access, async (_peer, { commands }) => {
      const results = commands.map(async ({ requestId, holdId, amountMicros, expiresAt }) => {
        const [own, accountId] = toOwn(holdId);
        const command = { requestId, holdId: own, amountMicros, expiresAt: expiresAt?.getTime() ?? 0 };
        return toResult(requestId, await desk(accountId).extend(command), accountId);
      });
      return { results: await Promise.all(results) };
    }),
    closeHolds: unary(access, async (_peer, { commands }) => {
      for (const { requestId, holdId, finalUsageId } of commands) {
        const [own, accountId] = toOwn(holdId);
        await desk(accountId).close({ requestId, holdId: own, finalUsageId });
      }
      return { results: [] };
    }),
    getHold: unary(access, async () => ({})),
  };
  const pricing: PricingServiceServer = {
    quoteUsage: unary(access, async (_peer, { lines }) => {
      if (lines.some(({ item }) => unpriced.has(item)))
        return refuse(failedPrecondition('PRICE_NOT_FOUND', 'no price'));
      const quoted = lines.map((usage) => {
        const price = usage.meter === 'tokens_input' ? INPUT_MICROS : OUTPUT_MICROS;
        const amountMicros = usage.quantity * price;
        const known = { priceId: 'prc_1', priceVersion: 1, priceAmountMicros: price, pricePerQuantity: 1n };
        return { usage, ...known, amountMicros };
      });
      return { lines: quoted, totalMicros: 0n, currency: 'CNY' };
    }),
  };
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    tls: { ca: Buffer.from(tls.ca), cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) },
    services: [
      { definition: HoldServiceService, implementation: holds },
      { definition: PricingServiceService, implementation: pricing },
    ],
    logger: silentLogger,
  });
  return {
    address: `127.0.0.1:${await server.listen()}`,
    fill: (accountId, walletMicros, budgets = []) =>
      void desks.set(accountId, memoryHoldDesk({ walletMicros, clock: systemClock, budgets })),
    desk,
    unpriced,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function toResult(requestId: string, outcome: HoldOutcome, accountId: string): HoldResult {
  if (outcome.kind === 'refused') {
    const { reason, missingMicros, needs = [], budget } = outcome;
    const shortfall = budget && { budgetId: budget.budgetId, window: budget.window };
    const value = { reason, missingMicros, needs: [...needs], budget: shortfall };
    return { requestId, outcome: { $case: 'refusal', value } };
  }
  const value: Hold = {
    holdId: `${outcome.holdId}@${accountId}`,
    status: 'active',
    amountMicros: outcome.amountMicros,
    capturedMicros: 0n,
    releasedMicros: 0n,
    purposeKind: 'inference_lease',
    purposeId: 'lea_1',
    expiresAt: new Date(outcome.expiresAt),
  };
  return { requestId, outcome: { $case: 'hold', value } };
}
