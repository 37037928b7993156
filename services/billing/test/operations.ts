import fc from 'fast-check';
import { systemContext } from '@suanli/kernel';
import { closeHolds } from '../src/app/holds/close-holds.ts';
import { expireHolds } from '../src/app/holds/expire-holds.ts';
import { extendHolds } from '../src/app/holds/extend-holds.ts';
import { placeHolds } from '../src/app/holds/place-holds.ts';
import type { HoldResult } from '../src/app/holds/apply-hold-commands.ts';
import { rateUsages } from '../src/app/rating/rate-usages.ts';
import { recharge } from '../src/app/wallet/recharge.ts';
import { aTenantPath, aUsage, NOW } from '../src/testing/builders.ts';
import type { BillingUnderTest } from './under-test.ts';

export type Place = { request: number; account: number; amount: number; ttlMs: number };
export type Operation =
  | { kind: 'recharge'; request: number; account: number; amount: number }
  | { kind: 'place'; commands: Place[] }
  | { kind: 'extend'; request: number; hold: number; amount: number; ttlMs: number }
  | { kind: 'close'; request: number; hold: number; awaits: number | undefined }
  | { kind: 'use'; usage: number; account: number; hold: number | undefined; quantity: number; isFinal: boolean }
  | { kind: 'pass'; ms: number };

const ACCOUNTS = ['acc_a', 'acc_b'];
const small = (max: number) => fc.integer({ min: 0, max });
const maybe = (max: number) => fc.option(small(max), { nil: undefined, freq: 6 });
const kind = <Kind extends Operation['kind']>(name: Kind) => fc.constant(name);
const account = small(1);
const request = small(40);
const ttlMs = small(300_000);
const places = fc.record({ request, account, amount: small(300), ttlMs });

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
  quantity: small(60),
  isFinal: fc.integer({ min: 0, max: 5 }).map((n) => n === 5),
});
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: recharges },
  {
    weight: 4,
    arbitrary: fc.record({ kind: kind('place'), commands: fc.array(places, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('extend'), request, hold: small(4), amount: small(600), ttlMs }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('close'), request, hold: small(4), awaits: maybe(25) }) },
  { weight: 8, arbitrary: usages },
  { weight: 2, arbitrary: fc.record({ kind: kind('pass'), ms: small(60_000) }) },
);

/** Small numbers, so that ids collide, money runs out, and holds end while usage is still on its way. */
export const operations: fc.Arbitrary<Operation[]> = fc
  .tuple(fc.array(recharges, { maxLength: 3 }), fc.array(anyOperation, { minLength: 1, maxLength: 40, size: 'max' }))
  .map(([first, then]) => [...first, ...then]);

/** What an operation answered, without ids: the same words whatever keeps the rows. */
export type Answer = string[];

/** Runs operations against a real billing. Holds are named by the order in which they were placed. */
export function createRunner(billing: BillingUnderTest) {
  const { deps, clock } = billing;
  const holdIds: string[] = [];
  const seen = new Set<string>();
  const nameHold = (index: number) => holdIds[index] ?? `hld_unknown_${index}`;
  const answersOf = (results: HoldResult[]): Answer =>
    results.map(({ outcome }) =>
      outcome.kind === 'held' ? 'held' : `${outcome.refusal.reason} ${outcome.refusal.missingMicros}`,
    );

  async function place(commands: readonly Place[]): Promise<Answer> {
    const results = await placeHolds(
      deps,
      commands.map(({ request, account, amount, ttlMs }) => ({
        requestId: `r${request}`,
        tenant: aTenantPath(ACCOUNTS[account]),
        amountMicros: BigInt(amount),
        expiresAt: NOW + ttlMs,
        purpose: { kind: 'job', id: 'job_1', epoch: 1 },
      })),
    );
    for (const { outcome } of results) {
      if (outcome.kind !== 'held' || seen.has(outcome.hold.id)) continue;
      seen.add(outcome.hold.id);
      holdIds.push(outcome.hold.id);
    }
    return answersOf(results);
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
        const { usage, account, hold, quantity, isFinal } = operation;
        const event = aUsage({
          usageId: `use_${usage}`,
          tenant: aTenantPath(ACCOUNTS[account]),
          ...(hold !== undefined && { holdId: nameHold(hold) }),
          readings: [{ meter: 'gpu_time', quantity: BigInt(quantity) }],
          from: NOW + usage * 1_000,
          to: NOW + (usage + 1) * 1_000,
          isFinal,
        });
        const [outcome] = await deps.transact((stores) => rateUsages(deps, stores, [event]));
        return [outcome?.kind === 'parked' ? outcome.reason : (outcome?.kind ?? '')];
      }
      case 'pass':
        await clock.advance(operation.ms);
        await deps.transact((stores) => expireHolds(deps, stores, 100));
        return [];
    }
  }

  /** The money and the holds as they are now, in the order of their making. */
  async function look() {
    const wallets = await Promise.all(ACCOUNTS.map((account) => deps.reads.wallet(account)));
    const holds = await Promise.all(holdIds.map((id) => deps.reads.hold(id)));
    return {
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
