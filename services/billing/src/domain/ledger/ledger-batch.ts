import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { type ArrearsTerms, decideStanding } from '../arrears/standing.ts';
import type { Spend } from '../budget/budget.ts';
import { BudgetBook } from '../budget/budget-book.ts';
import { isResolved, type Hold, remainingMicros } from '../hold/hold.ts';
import { CreditSpending, type CreditSpent } from '../lot/credit-spent.ts';
import { inOrderOfUse, type Lot, withPart } from '../lot/lot.ts';
import type { Purse } from '../lot/purse.ts';
import type { LotPart, Transfer } from './transfer.ts';
import { TRANSFER_PURPOSE } from './transfer-command.ts';
import { freeCashMicros, type Wallet, levelChange, levelOf, withLotMoved, withTransfer } from './wallet.ts';

/** A change that was decided: the transfers it books and what becomes of its hold. */
export type Change = {
  transfers: readonly Transfer[];
  hold?: Hold;
  /** Credit lots that it makes: empty, until one of its transfers fills them. */
  newLots?: readonly Lot[];
  /** What budgets are to count as spent. */
  spend?: Spend;
};
export type LevelChange = { wallet: Wallet; change: 'ran_low' | 'exhausted' | 'restored' };

/**
 * The state of the locked wallets and their holds while a batch of commands is folded over it: each command sees what
 * the ones before it did, and all of it is written set by set at the end.
 */
export class LedgerBatch {
  readonly now: Instant;
  readonly transfers: Transfer[] = [];
  readonly newId: (prefix: string) => string;
  /** Budgets of the locked accounts, as the changes so far leave them. */
  readonly budgets: BudgetBook;
  readonly #walletsAtStart: ReadonlyMap<string, Wallet>;
  readonly #wallets: Map<string, Wallet>;
  readonly #accountOfWallet: Map<string, string>;
  readonly #holds: Map<string, Hold>;
  readonly #changedHoldIds = new Set<string>();
  readonly #endedHoldIds = new Set<string>();
  /** What the platform bore, by account. */
  readonly #unpaid = new Map<string, Micros>();
  readonly #lots: Map<string, Lot>;
  readonly #newLotIds = new Set<string>();
  readonly #spending = new CreditSpending();

  constructor(from: {
    wallets: readonly Wallet[];
    holds: readonly Hold[];
    /** Every lot with money in it of these wallets, and any other that a change may fill. */
    lots?: readonly Lot[];
    now: Instant;
    newId: (prefix: string) => string;
    budgets?: BudgetBook;
  }) {
    this.now = from.now;
    this.newId = from.newId;
    this.budgets = from.budgets ?? new BudgetBook([], from.now);
    this.#walletsAtStart = new Map(from.wallets.map((wallet) => [wallet.accountId, wallet]));
    this.#wallets = new Map(this.#walletsAtStart);
    this.#accountOfWallet = new Map(from.wallets.map((wallet) => [wallet.id, wallet.accountId]));
    this.#holds = new Map(from.holds.map((hold) => [hold.id, hold]));
    this.#lots = new Map(from.lots?.map((lot) => [lot.id, lot]));
  }

  walletOf(accountId: string): Wallet | undefined {
    return this.#wallets.get(accountId);
  }

  /** By its own id; undefined for an account of the platform, and for a wallet that is not locked. */
  wallet(walletId: string): Wallet | undefined {
    const accountId = this.#accountOfWallet.get(walletId);
    return accountId === undefined ? undefined : this.#wallets.get(accountId);
  }

  hold(holdId: string): Hold | undefined {
    return this.#holds.get(holdId);
  }

  /** The wallet of an account with its credit, as the changes so far leave them. */
  purseOf(accountId: string): Purse | undefined {
    const wallet = this.#wallets.get(accountId);
    if (wallet === undefined) return undefined;
    if (wallet.lotCount === 0) return { wallet, lots: [] };
    return { wallet, lots: [...this.#lots.values()].filter((lot) => lot.walletId === wallet.id).sort(inOrderOfUse) };
  }

  /** Bound, so that decisions may be given it alone. */
  readonly lot = (lotId: string): Lot | undefined => this.#lots.get(lotId);

  /** Adds what was spent of which lots before, and those lots: money that goes back may have to go back there. */
  recall(spent: readonly CreditSpent[], lots: readonly Lot[]): void {
    for (const one of spent) this.#spending.add(one);
    for (const lot of lots) if (!this.#lots.has(lot.id)) this.#lots.set(lot.id, lot);
  }

  /** What of which lots was spent on these together, and has not come back. */
  creditSpentOn(references: readonly string[]): { lot: Lot; amountMicros: Micros }[] {
    return this.#spending.on(references, (lotId) => this.#lots.get(lotId));
  }

  /** Lots that were not there before; what is in them comes with the transfers. */
  newLots(): Lot[] {
    return [...this.#newLotIds].flatMap((id) => this.#lots.get(id) ?? []);
  }

  apply(change: Change): void {
    for (const lot of change.newLots ?? []) this.#addLot(lot);
    for (const transfer of change.transfers) this.#book(transfer);
    for (const transfer of change.transfers) this.#checkCash(transfer);
    const { hold, spend } = change;
    if (spend !== undefined) this.#spend(spend);
    if (hold === undefined) return;
    const before = this.#holds.get(hold.id);
    invariant(before === undefined || !isResolved(before), `hold ${hold.id} was resolved before`);
    this.#holds.set(hold.id, hold);
    const differenceMicros = remainingMicros(hold) - (before === undefined ? 0n : remainingMicros(before));
    this.budgets.reserve(hold, differenceMicros);
    this.#changedHoldIds.add(hold.id);
    if (isResolved(hold)) this.#endedHoldIds.add(hold.id);
  }

  #spend({ spender, amountMicros, unpaidMicros = 0n }: Spend): void {
    const { accountId } = spender.tenant;
    this.budgets.spend(spender, amountMicros);
    this.#unpaid.set(accountId, (this.#unpaid.get(accountId) ?? 0n) + unpaidMicros);
  }

  #book(transfer: Transfer): void {
    for (const walletId of [transfer.fromAccountId, transfer.toAccountId]) {
      const wallet = this.wallet(walletId);
      if (wallet !== undefined) this.#wallets.set(wallet.accountId, withTransfer(wallet, transfer));
    }
    for (const part of transfer.lotParts ?? []) this.#moveLot(transfer, part);
    this.transfers.push(transfer);
  }

  /** Credit never covers for cash. A wallet without credit has shown so already. */
  #checkCash({ fromAccountId, toAccountId }: Transfer): void {
    for (const wallet of [this.wallet(fromAccountId), this.wallet(toAccountId)]) {
      if (wallet === undefined || wallet.lotCount === 0) continue;
      invariant(freeCashMicros(wallet) >= 0n, `the cash of wallet ${wallet.id} would fall below its floor`);
    }
  }

  #addLot(lot: Lot): void {
    const wallet = this.#wallets.get(lot.accountId);
    invariant(wallet?.id === lot.walletId && !this.#lots.has(lot.id), `lot ${lot.id} is a new one of a locked wallet`);
    this.#lots.set(lot.id, lot);
    this.#newLotIds.add(lot.id);
    this.#wallets.set(lot.accountId, { ...wallet, lotCount: wallet.lotCount + 1 });
  }

  #moveLot(transfer: Transfer, { lotId, amountMicros }: LotPart): void {
    const before = this.#lots.get(lotId);
    const wallet = before && this.#wallets.get(before.accountId);
    invariant(before !== undefined && wallet !== undefined, `lot ${lotId} is in this batch`);
    const after = withPart(before, transfer, amountMicros);
    this.#lots.set(lotId, after);
    this.#spending.follow(transfer, after, amountMicros);
    this.#wallets.set(wallet.accountId, withLotMoved(wallet, before, after));
  }

  /** Remembers whether an account owes money that a payer's bank took back. */
  owe(accountId: string, hasDebt: boolean): void {
    const wallet = this.#wallets.get(accountId);
    invariant(wallet !== undefined, `the wallet of ${accountId} is locked`);
    this.#wallets.set(accountId, { ...wallet, hasDebt });
  }

  changedHolds(): Hold[] {
    return [...this.#changedHoldIds].map((id) => this.#known(id));
  }

  /** Holds of work that were resolved. A reserve of the ledger's own door ends with its transfer, which is told as such. */
  endedHolds(): Hold[] {
    return [...this.#endedHoldIds]
      .map((id) => this.#known(id))
      .filter((hold) => hold.purpose.kind !== TRANSFER_PURPOSE);
  }

  /** Wallets whose level is another one than at the start, carrying the new level. Told once per batch. */
  levelChanges(lowMicros: Micros): LevelChange[] {
    const changes: LevelChange[] = [];
    for (const [accountId, wallet] of this.#wallets) {
      if (wallet.sequence === this.#walletsAtStart.get(accountId)?.sequence) continue;
      const level = levelOf(wallet, lowMicros);
      const change = levelChange(wallet.level, level);
      if (change !== undefined) changes.push({ wallet: { ...wallet, level }, change });
    }
    return changes;
  }

  /** Wallets whose owners stand otherwise than at the start. */
  standingChanges(terms: ArrearsTerms): Wallet[] {
    return [...this.#wallets.values()].flatMap((wallet) => {
      const before = this.#walletsAtStart.get(wallet.accountId);
      const unpaidMicros = this.#unpaid.get(wallet.accountId) ?? 0n;
      const isSame = before?.postedMicros === wallet.postedMicros && before.hasDebt === wallet.hasDebt;
      if (before === undefined || (isSame && unpaidMicros === 0n)) return [];
      const debt = { hadDebt: before.hasDebt, hasDebt: wallet.hasDebt };
      const money = { beforeMicros: before.postedMicros, afterMicros: wallet.postedMicros, unpaidMicros, ...debt };
      const standing = decideStanding(wallet.standing, money, terms, this.now);
      return standing === undefined ? [] : [{ ...wallet, standing }];
    });
  }

  #known(holdId: string): Hold {
    const hold = this.#holds.get(holdId);
    invariant(hold !== undefined, `hold ${holdId} is in this batch`);
    return hold;
  }
}
