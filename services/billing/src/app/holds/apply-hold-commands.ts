import { invariant } from '@suanli/kernel';
import { mayWork } from '../../domain/arrears/standing.ts';
import type { HoldDecision } from '../../domain/hold/decide-hold.ts';
import { type Hold, type HoldRefusal, remainingMicros } from '../../domain/hold/hold.ts';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { BillingDeps, BillingStores, Claim } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

export type HoldCommand = {
  requestId: string;
  /** Only asks whether it could be done now: nothing is held or remembered, and the hold in the answer has no id. */
  isDryRun?: boolean;
};

export type HoldOutcome = { kind: 'held'; hold: Hold } | { kind: 'refused'; refusal: HoldRefusal };
/** The answer to one command of a batch; one refusal does not touch the others. */
export type HoldResult = { requestId: string; outcome: HoldOutcome };

type Decide<Command> = (batch: LedgerBatch, command: Command) => HoldDecision;

export type HoldCommandPlan<Command> = {
  /** Part of the body of a request: the same id for another verb is another request. */
  verb: 'place' | 'extend' | 'close';
  touched(commands: readonly Command[]): { accountIds: readonly string[]; holdIds: readonly string[] };
  /** Reads what the decisions need, once for the batch, after the wallets are locked. */
  prepare(stores: BillingStores, commands: readonly Command[]): Promise<Decide<Command>>;
};

/** One space of request ids for all commands on holds. */
const SCOPE = 'hold';

/** The one path of all hold commands: claim, lock in order, fold in memory, write set by set. One command is a batch of one. */
export async function applyHoldCommands<Command extends HoldCommand>(
  deps: BillingDeps,
  plan: HoldCommandPlan<Command>,
  commands: readonly Command[],
): Promise<HoldResult[]> {
  return deps.transact(async (stores) => {
    const claims = await claim(stores, plan, commands);
    const outcomes = await foldFresh(deps, stores, plan, commands, claims);
    return commands.map(({ requestId }, index) => {
      const claimed = claims[index];
      const folded = claimed?.kind === 'repeated' ? outcomes.get(firstOf(commands, requestId)) : outcomes.get(index);
      return { requestId, outcome: answer(claimed, folded) };
    });
  });
}

/** By the place of the command; a dry run claims nothing. */
type Claims = readonly (Claim<Hold> | undefined)[];

async function claim<Command extends HoldCommand>(
  stores: BillingStores,
  plan: HoldCommandPlan<Command>,
  commands: readonly Command[],
): Promise<Claims> {
  const lasting = commands.filter((command) => !command.isDryRun);
  const requests = lasting.map((command) => ({ requestId: command.requestId, body: { verb: plan.verb, command } }));
  const claims = requests.length === 0 ? [] : await stores.requests.claim<Hold>(SCOPE, requests);
  const inOrder = claims.values();
  return commands.map((command) => (command.isDryRun ? undefined : inOrder.next().value));
}

/** Decides and writes what has not been answered before; the outcomes by the place of their command. */
async function foldFresh<Command extends HoldCommand>(
  deps: BillingDeps,
  stores: BillingStores,
  plan: HoldCommandPlan<Command>,
  commands: readonly Command[],
  claims: Claims,
): Promise<Map<number, HoldOutcome>> {
  const outcomes = new Map<number, HoldOutcome>();
  const fresh = [...commands.entries()].filter(([index, { isDryRun }]) => isDryRun || claims[index]?.kind === 'new');
  if (fresh.length === 0) return outcomes;
  const toDecide = fresh.map(([, command]) => command);
  const batch = await lockBatch(deps, stores, plan.touched(toDecide));
  const decide = await plan.prepare(stores, toDecide);
  const answers: { requestId: string; answer: Hold }[] = [];
  const refused: string[] = [];
  for (const [index, command] of fresh) {
    const { requestId, isDryRun = false } = command;
    const outcome = fold(batch, decide(batch, command), isDryRun);
    outcomes.set(index, outcome);
    if (isDryRun) continue;
    if (outcome.kind === 'held') answers.push({ requestId, answer: outcome.hold });
    else refused.push(requestId);
  }
  await writeBatch(deps, stores, batch);
  if (answers.length > 0) await stores.requests.remember(SCOPE, answers);
  if (refused.length > 0) await stores.requests.forget(SCOPE, refused);
  return outcomes;
}

function firstOf(commands: readonly HoldCommand[], requestId: string): number {
  return commands.findIndex((command) => command.requestId === requestId && !command.isDryRun);
}

function fold(batch: LedgerBatch, decision: HoldDecision, isDryRun: boolean): HoldOutcome {
  if (decision.kind === 'refused') return decision;
  const refusal = decision.kind === 'changed' ? refuseGrowth(batch, decision.hold) : undefined;
  if (refusal !== undefined) return { kind: 'refused', refusal };
  if (isDryRun) return { kind: 'held', hold: { ...decision.hold, id: '' } };
  if (decision.kind === 'changed') batch.apply(decision);
  return { kind: 'held', hold: decision.hold };
}

/** Why a hold may not become what was decided, when it is to have more: its account's standing, or a budget of it. */
function refuseGrowth(batch: LedgerBatch, hold: Hold): HoldRefusal | undefined {
  const before = batch.hold(hold.id);
  const moreMicros = remainingMicros(hold) - (before === undefined ? 0n : remainingMicros(before));
  if (moreMicros <= 0n) return undefined;
  const wallet = batch.walletOf(hold.tenant.accountId);
  if (wallet !== undefined && !mayWork(wallet.standing)) return { reason: 'account_suspended', missingMicros: 0n };
  return batch.budgets.refusal(hold, moreMicros);
}

function answer(claimed: Claim<Hold> | undefined, folded: HoldOutcome | undefined): HoldOutcome {
  if (claimed?.kind === 'replayed') return { kind: 'held', hold: claimed.answer };
  if (claimed?.kind === 'conflict')
    return { kind: 'refused', refusal: { reason: 'request_id_reused', missingMicros: 0n } };
  invariant(folded !== undefined, 'every new command has an outcome');
  return folded;
}
