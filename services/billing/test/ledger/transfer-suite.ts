import { CURRENCY } from '@suanli/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expireHolds } from '../../src/app/holds/expire-holds.ts';
import { submitTransfers } from '../../src/app/ledger/submit-transfers.ts';
import { openWallet } from '../../src/app/wallet/open-wallet.ts';
import type { TransferAction, TransferCommand } from '../../src/domain/ledger/transfer-command.ts';
import type { BillingUnderTest } from '../under-test.ts';
import { type Order, type Step, TransferModel, WALLETS } from './transfer-model.ts';

const ACCOUNTS = ['acc_a', 'acc_b', 'acc_c'];
const MAX_ID = 30;
const small = (max: number) => fc.integer({ min: 0, max });
const id = small(MAX_ID);
const amount = fc.integer({ min: -1, max: 60 });
const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('post'), id, from: small(4), to: small(4), amount }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pending'), id, from: small(4), amount, timeoutMs: small(5) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('post_pending'), id, of: id, amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void_pending'), id, of: id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reversal'), id, of: id }) },
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('orders'), orders: fc.array(anyOrder, { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), ms: small(3) }) },
);
const fund = (to: number, n: number): Order => ({ kind: 'post', id: MAX_ID + 1 + to, from: 3, to, amount: n });
const funded: Step = { kind: 'orders', orders: [fund(0, 100), fund(1, 100), fund(2, 30)] };

/** The same orders against the model and against billing: equal answers, equal money, every promise kept, each time. */
export function transferSuite(
  make: () => Promise<BillingUnderTest>,
  runs: { numRuns: number; timeoutMs: number; seed: number },
): void {
  describe('two-phase transfers against their model', () => {
    it(`answer alike and keep every promise after every order of any sequence (seed ${runs.seed})`, {
      timeout: runs.timeoutMs,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
          await using billing = await make();
          const runner = await createRunner(billing);
          const model = new TransferModel();
          for (const step of [funded, ...steps]) {
            const answers = await runner.run(step);
            expect({ step, answers, wallets: await runner.wallets() }).toEqual({
              step,
              answers: model.run(step),
              wallets: ACCOUNTS.map((_, account) => [
                BigInt(model.posted[account] ?? 0),
                BigInt(model.pending(account)),
              ]),
            });
            await billing.audit();
          }
        }),
        { numRuns: runs.numRuns, seed: runs.seed },
      );
    });

    it('a reserve that is ordered again beside the order that voids it is the one that was', async () => {
      await using billing = await make();
      const runner = await createRunner(billing);
      const reserve: Order = { kind: 'pending', id: 17, from: 0, amount: 1, timeoutMs: 5 };
      await runner.run(funded);
      await runner.run({ kind: 'orders', orders: [reserve] });
      const again: Step = { kind: 'orders', orders: [{ kind: 'void_pending', id: 1, of: 17 }, reserve] };
      expect(await runner.run(again)).toEqual(['created', 'exists']);
    });

    it('a frozen payer pays nothing, and a frozen payee is paid', async () => {
      await using billing = await make();
      const runner = await createRunner(billing);
      await runner.run(funded);
      await runner.freeze(0);
      expect(
        await runner.run({
          kind: 'orders',
          orders: [
            { kind: 'post', id: 1, from: 0, to: 1, amount: 5 },
            { kind: 'pending', id: 2, from: 0, amount: 5, timeoutMs: 5 },
            { kind: 'post', id: 3, from: 1, to: 0, amount: 5 },
          ],
        }),
      ).toEqual(['account_frozen', 'account_frozen', 'created']);
    });

    it('another currency is refused, and what differs first is told', async () => {
      await using billing = await make();
      const runner = await createRunner(billing);
      await runner.run(funded);
      const order: Order = { kind: 'post', id: 1, from: 0, to: 1, amount: 5 };
      const [foreign] = await submitTransfers(billing.deps, [{ ...runner.command(order), currency: 'USD' }]);
      expect(foreign?.outcome).toMatchObject({ kind: 'refused', refusal: { reason: 'currency_not_supported' } });
      expect(await runner.run({ kind: 'orders', orders: [order] })).toEqual(['created']);
      const [renamed] = await submitTransfers(billing.deps, [{ ...runner.command(order), reference: 'another' }]);
      expect(renamed?.outcome).toMatchObject({ refusal: { reason: 'exists_with_different_reference' } });
    });
  });
}

async function createRunner(billing: BillingUnderTest) {
  const { deps, clock } = billing;
  for (const accountId of ACCOUNTS) await deps.transact((stores) => openWallet(deps, stores, accountId));
  const found = await Promise.all(ACCOUNTS.map((account) => deps.reads.wallet(account)));
  const walletIds = found.map((wallet) => wallet?.id ?? '');
  const nameAccount = (account: number) =>
    account < WALLETS ? (walletIds[account] ?? '') : account === WALLETS ? 'platform:write_off' : 'wal_nobody';

  function command(order: Order): TransferCommand {
    return { transferId: `t${order.id}`, currency: CURRENCY, reference: 'test', action: actionOf(order) };
  }
  function actionOf(order: Order): TransferAction {
    switch (order.kind) {
      case 'post':
        return {
          kind: 'post',
          fromAccountId: nameAccount(order.from),
          toAccountId: nameAccount(order.to),
          amountMicros: BigInt(order.amount),
        };
      case 'pending':
        return {
          kind: 'pending',
          fromAccountId: nameAccount(order.from),
          amountMicros: BigInt(order.amount),
          timeoutMs: order.timeoutMs,
        };
      case 'post_pending':
        return { kind: 'post_pending', pendingId: `t${order.of}`, amountMicros: BigInt(order.amount) };
      case 'void_pending':
        return { kind: 'void_pending', pendingId: `t${order.of}` };
      case 'reversal':
        return { kind: 'reversal', reversalOf: `t${order.of}` };
    }
  }
  return {
    command,
    async run(step: Step): Promise<string[]> {
      if (step.kind === 'pass') {
        await clock.advance(step.ms);
        await deps.transact((stores) => expireHolds(deps, stores, 100));
        return [];
      }
      const results = await submitTransfers(deps, step.orders.map(command));
      return results.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.refusal.reason : outcome.kind));
    },
    async wallets() {
      const wallets = await Promise.all(ACCOUNTS.map((account) => deps.reads.wallet(account)));
      return wallets.map((wallet) => [wallet?.postedMicros, wallet?.pendingMicros]);
    },
    async freeze(account: number) {
      await deps.transact((stores) => stores.standings.setStatus(ACCOUNTS[account] ?? '', 'frozen'));
    },
  };
}
