import { invariant } from '@suanli/kernel';
import type { BudgetState } from '../../domain/budget/budget.ts';
import type { BudgetCommandRefusal, BudgetDecision } from '../../domain/budget/decide-budget.ts';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { openWallet } from '../wallet/open-wallet.ts';
import { thresholdEvents } from './budget-events.ts';

export type BudgetOutcome = { kind: 'done'; state: BudgetState } | { kind: 'refused'; reason: BudgetCommandRefusal };

/** What a change of an account's budgets is decided on. */
export type BudgetDesk = { stores: BillingStores; wallet: Wallet; now: number };

/**
 * Runs one command on budgets under the lock of the wallet: no hold or charge moves a counter meanwhile. Idempotent by
 * request id; a refusal leaves nothing and frees its id.
 */
export async function commandBudget(
  deps: BillingDeps,
  command: { accountId: string; requestId: string; body: unknown },
  decide: (desk: BudgetDesk) => Promise<BudgetDecision>,
): Promise<BudgetOutcome> {
  const { accountId, requestId, body } = command;
  const scope = `budget/${accountId}`;
  return deps.transact(async (stores) => {
    const [claim] = await stores.requests.claim<BudgetState>(scope, [{ requestId, body }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return { kind: 'refused', reason: 'request_id_reused' };
    if (claim.kind === 'replayed') return { kind: 'done', state: claim.answer };
    await openWallet(deps, stores, accountId);
    const [wallet] = await stores.wallets.lockInOrder([accountId]);
    invariant(wallet !== undefined, `account ${accountId} has a wallet`);
    const decision = await decide({ stores, wallet, now: deps.clock.now() });
    if (decision.kind === 'refused') {
      await stores.requests.forget(scope, [requestId]);
      return decision;
    }
    const state = await write(deps, stores, decision);
    await stores.requests.remember(scope, [{ requestId, answer: state }]);
    return { kind: 'done', state };
  });
}

async function write(
  deps: BillingDeps,
  stores: BillingStores,
  { budget, counters, crossings }: BudgetDecision & { kind: 'decided' },
): Promise<BudgetState> {
  const { accountId } = budget;
  const now = deps.clock.now();
  await (budget.version === 1n ? stores.budgets.insert(budget) : stores.budgets.save([budget]));
  if (counters.length > 0) await stores.budgets.saveCounters(counters);
  await stores.budgets.mark(accountId, (await stores.budgets.open([accountId], now)).length > 0);
  await stores.events.append(thresholdEvents(crossings), now);
  return { budget, counters };
}
