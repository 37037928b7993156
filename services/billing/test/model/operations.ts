import fc from 'fast-check';
import { systemContext } from '@suanli/kernel';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { expireHolds } from '../../src/app/holds/expire-holds.ts';
import { extendHolds } from '../../src/app/holds/extend-holds.ts';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import type { HoldResult } from '../../src/app/holds/apply-hold-commands.ts';
import { expireLots } from '../../src/app/lots/expire-lots.ts';
import { grantCredit } from '../../src/app/lots/grant-credit.ts';
import type { BillingDeps } from '../../src/app/ports.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { createVouchers } from '../../src/app/vouchers/create-vouchers.ts';
import { redeemVoucher } from '../../src/app/vouchers/redeem-voucher.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import { newVoucherCode } from '../../src/domain/voucher/voucher-code.ts';
import { aTenantPath, aUsage, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

export type Place = { request: number; account: number; amount: number; ttlMs: number; item: number };
export type Operation =
  | { kind: 'recharge'; request: number; account: number; amount: number }
  | { kind: 'place'; commands: Place[] }
  | { kind: 'extend'; request: number; hold: number; amount: number; ttlMs: number }
  | { kind: 'close'; request: number; hold: number; awaits: number | undefined }
  | {
      kind: 'use';
      usage: number;
      account: number;
      hold: number | undefined;
      item: number;
      quantity: number;
      isFinal: boolean;
    }
  /** Tells one of the facts rated so far anew. */
  | { kind: 'correct'; pick: number; quantity: number }
  | {
      kind: 'grant';
      request: number;
      account: number;
      amount: number;
      priority: number;
      delayMs: number;
      ttlMs: number | undefined;
      item: number | undefined;
    }
  | { kind: 'redeem'; request: number; account: number; code: number }
  /** Time passes; what is due is done at once, or only later. */
  | { kind: 'pass'; ms: number; isSwept: boolean };

const ACCOUNTS = ['acc_a', 'acc_b'];
const ITEMS = ['gpu.a100-80g', 'gpu.h100-80g'];
const small = (max: number) => fc.integer({ min: 0, max });
const maybe = (max: number) => fc.option(small(max), { nil: undefined, freq: 6 });
const kind = <Kind extends Operation['kind']>(name: Kind) => fc.constant(name);
const account = small(1);
const request = small(40);
const ttlMs = small(300_000);
const item = small(1);
const places = fc.record({ request, account, amount: small(300), ttlMs, item });

const recharges = fc.record({
  kind: kind('recharge'),
  request: small(8),
  account,
  amount: fc.integer({ min: -5, max: 900 }),
});
const usages = fc.record({
  kind: kind('use'),
  usage: small(25),
  account,
  hold: maybe(4),
  item,
  quantity: small(60),
  isFinal: fc.integer({ min: 0, max: 5 }).map((n) => n === 5),
});
const grants = fc.record({
  kind: kind('grant'),
  request: small(20),
  account,
  amount: small(150),
  priority: fc.integer({ min: 0, max: 3 }),
  delayMs: fc.constantFrom(0, 0, 0, 40_000),
  ttlMs: fc.option(fc.integer({ min: -1, max: 12 }), { nil: undefined, freq: 4 }).map((n) => n && n * 10_000),
  item: fc.option(item, { nil: undefined, freq: 2 }),
});
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: grants },
  { weight: 2, arbitrary: fc.record({ kind: kind('redeem'), request: small(15), account, code: small(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('correct'), pick: small(20), quantity: small(60) }) },
  { weight: 2, arbitrary: recharges },
  {
    weight: 4,
    arbitrary: fc.record({ kind: kind('place'), commands: fc.array(places, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('extend'), request, hold: small(4), amount: small(600), ttlMs }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('close'), request, hold: small(4), awaits: maybe(25) }) },
  { weight: 8, arbitrary: usages },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('pass'),
      ms: fc.integer({ min: 0, max: 6 }).map((n) => n * 10_000),
      isSwept: fc.boolean(),
    }),
  },
);

/** Small numbers, so that ids collide, money runs out, and holds end while usage is still on its way. */
export const operations: fc.Arbitrary<Operation[]> = fc
  .tuple(
    fc.array(fc.oneof(recharges, grants), { maxLength: 4 }),
    fc.array(anyOperation, { minLength: 1, maxLength: 40, size: 'max' }),
  )
  .map(([first, then]) => [...first, ...then]);

/** What an operation answered, without ids: the same words whatever keeps the rows. */
export type Answer = string[];

type Grant = Extract<Operation, { kind: 'grant' }>;
const UNKNOWN_CODE = newVoucherCode((size) => new Uint8Array(size));

/** Three codes that one account each may redeem, two an account; and one that is for two accounts. */
async function makeVouchers(deps: BillingDeps): Promise<string[]> {
  const terms = { amountMicros: 50n, priority: 2, applicability: ANYTHING, reason: 'a campaign', name: 'a campaign' };
  const single = { ...terms, codeCount: 3, redemptionsPerCode: 1, maxPerAccount: 2, creditValidDays: 1 };
  const shared = { ...terms, codeCount: 1, redemptionsPerCode: 1, maxPerAccount: 1 };
  const made = [
    await createVouchers(deps, 'operator', { requestId: 'single', ...single }),
    await createVouchers(deps, 'operator', { requestId: 'shared', ...shared }),
  ];
  return made.flatMap((result) => (result.kind === 'created' ? result.codes : []));
}

/** Runs operations against a real billing. Holds are named by the order in which they were placed. */
export function createRunner(billing: BillingUnderTest) {
  const { deps, clock } = billing;
  const holdIds: string[] = [];
  const correctable: Usage[] = [];
  let corrections = 0;
  let codes: string[] | undefined;
  const seen = new Set<string>();
  const nameHold = (index: number) => holdIds[index] ?? `hld_unknown_${index}`;
  const answersOf = (results: HoldResult[]): Answer =>
    results.map(({ outcome }) =>
      outcome.kind === 'held' ? 'held' : `${outcome.refusal.reason} ${outcome.refusal.missingMicros}`,
    );

  async function place(commands: readonly Place[]): Promise<Answer> {
    const results = await placeHolds(
      deps,
      commands.map(({ request, account, amount, ttlMs, item }) => ({
        requestId: `r${request}`,
        tenant: aTenantPath(ACCOUNTS[account]),
        amountMicros: BigInt(amount),
        expiresAt: NOW + ttlMs,
        purpose: { kind: 'job', id: 'job_1', epoch: 1 },
        scope: { product: 'job', item: ITEMS[item] ?? '', region: 'cn-shanghai' },
      })),
    );
    for (const { outcome } of results) {
      if (outcome.kind !== 'held' || seen.has(outcome.hold.id)) continue;
      seen.add(outcome.hold.id);
      holdIds.push(outcome.hold.id);
    }
    return answersOf(results);
  }

  /** A fact that was rated can be told anew; a correction takes the place of what it corrects. */
  async function rate(event: Usage): Promise<Answer> {
    const [outcome] = await deps.transact((stores) => rateUsages(deps, stores, [event]));
    if (outcome?.kind === 'rated') {
      const at = correctable.findIndex((one) => one.usageId === event.correctsUsageId);
      if (at === -1) correctable.push(event);
      else correctable[at] = event;
    }
    return [outcome?.kind === 'parked' ? outcome.reason : (outcome?.kind ?? '')];
  }

  async function grant({ request, account, amount, priority, delayMs, ttlMs, item }: Grant): Promise<Answer> {
    const now = clock.now();
    const result = await grantCredit(deps, 'operator', {
      requestId: `r${request}`,
      accountId: ACCOUNTS[account] ?? '',
      kind: 'promotional',
      amountMicros: BigInt(amount),
      priority,
      effectiveAt: now + delayMs,
      ...(ttlMs !== undefined && { expiresAt: now + ttlMs }),
      applicability: { products: ['job'], items: item === undefined ? [] : [ITEMS[item] ?? ''], regions: [] },
      reason: 'a gift',
    });
    return [result.kind === 'granted' ? 'granted' : result.reason];
  }

  async function run(operation: Operation): Promise<Answer> {
    switch (operation.kind) {
      case 'recharge': {
        const { request, account, amount } = operation;
        const ctx = systemContext(aTenantPath(ACCOUNTS[account]), 'test', new AbortController().signal);
        const command = {
          requestId: `r${request}`,
          channel: 'development',
          amountMicros: BigInt(amount),
          currency: 'CNY',
          serialNumber: '',
        };
        const result = await recharge(deps, ctx, command);
        return [result.kind !== 'refused' ? 'received' : result.refusal.reason];
      }
      case 'place':
        return place(operation.commands);
      case 'extend': {
        const { request, hold, amount, ttlMs } = operation;
        const command = {
          requestId: `r${request}`,
          holdId: nameHold(hold),
          amountMicros: BigInt(amount),
          expiresAt: NOW + ttlMs,
        };
        return answersOf(await extendHolds(deps, [command]));
      }
      case 'close': {
        const { request, hold, awaits } = operation;
        const finalUsageId = awaits === undefined ? {} : { finalUsageId: `use_${awaits}` };
        return answersOf(
          await closeHolds(deps, [{ requestId: `r${request}`, holdId: nameHold(hold), ...finalUsageId }]),
        );
      }
      case 'use': {
        const { usage, account, hold, item, quantity, isFinal } = operation;
        const event = aUsage({
          usageId: `use_${usage}`,
          tenant: aTenantPath(ACCOUNTS[account]),
          item: ITEMS[item] ?? '',
          ...(hold !== undefined && { holdId: nameHold(hold) }),
          readings: [{ meter: 'gpu_time', quantity: BigInt(quantity) }],
          from: NOW + usage * 1_000,
          to: NOW + (usage + 1) * 1_000,
          isFinal,
        });
        return rate(event);
      }
      case 'correct': {
        const corrected = correctable[operation.pick % Math.max(correctable.length, 1)];
        if (corrected === undefined) return ['nothing'];
        const { holdId: _, ...fact } = corrected;
        corrections += 1;
        const readings = [{ meter: 'gpu_time', quantity: BigInt(operation.quantity) }];
        const usageId = `cor_${corrections}`;
        const event = { ...fact, usageId, readings, isFinal: false, correctsUsageId: corrected.usageId };
        return rate(event);
      }
      case 'grant':
        return grant(operation);
      case 'redeem': {
        const { request, account, code } = operation;
        codes ??= await makeVouchers(deps);
        const ctx = systemContext(aTenantPath(ACCOUNTS[account]), 'test', new AbortController().signal);
        const result = await redeemVoucher(deps, ctx, { requestId: `r${request}`, code: codes[code] ?? UNKNOWN_CODE });
        return [result.kind === 'redeemed' ? 'redeemed' : result.refusal.reason];
      }
      case 'pass':
        await clock.advance(operation.ms);
        if (!operation.isSwept) return [];
        await deps.transact((stores) => expireHolds(deps, stores, 100));
        await deps.transact((stores) => expireLots(deps, stores, 100));
        return [];
    }
  }

  /** The money and the holds as they are now, in the order of their making. */
  async function look() {
    const wallets = await Promise.all(ACCOUNTS.map((account) => deps.reads.wallet(account)));
    const holds = await Promise.all(holdIds.map((id) => deps.reads.hold(id)));
    const lots = await Promise.all(
      ACCOUNTS.map((accountId) => deps.reads.lots({ accountId, status: '', now: 0 }, { limit: 200 })),
    );
    return {
      lots: lots.map((page) =>
        page.rows.toReversed().map(({ grantedMicros, remainingMicros, reservedMicros, brokenMicros }) => ({
          granted: grantedMicros,
          remaining: remainingMicros,
          reserved: reservedMicros,
          broken: brokenMicros,
        })),
      ),
      wallets: wallets.map((wallet) => wallet && { posted: wallet.postedMicros, pending: wallet.pendingMicros }),
      holds: holds.map(
        (hold) =>
          hold && {
            status: hold.status,
            amount: hold.amountMicros,
            captured: hold.capturedMicros,
            released: hold.releasedMicros,
          },
      ),
    };
  }
  return { run, look };
}
