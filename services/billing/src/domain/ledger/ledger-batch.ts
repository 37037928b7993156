import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { isResolved, type Hold } from '../hold/hold.ts';
import type { Transfer } from './transfer.ts';
import { type Wallet, levelChange, levelOf, withTransfer } from './wallet.ts';

/** A change that was decided: the transfers it books and what becomes of its hold. */
export type Change = { transfers: readonly Transfer[]; hold?: Hold };
export type LevelChange = { wallet: Wallet; change: 'ran_low' | 'exhausted' | 'restored' };

/**
 * The state of the locked wallets and their holds while a batch of commands is folded over it: each command sees what
 * the ones before it did, and all of it is written set by set at the end.
 */
export class LedgerBatch {
  readonly now: Instant;
  readonly transfers: Transfer[] = [];
  readonly newId: (prefix: string) => string;
  readonly #walletsAtStart: ReadonlyMap<string, Wallet>;
  readonly #wallets: Map<string, Wallet>;
  readonly #accountOfWallet: Map<string, string>;
  readonly #holds: Map<string, Hold>;
  readonly #changedHoldIds = new Set<string>();
  readonly #endedHoldIds = new Set<string>();

  constructor(from: {
    wallets: readonly Wallet[];
    holds: readonly Hold[];
    now: Instant;
    newId: (prefix: string) => string;
  }) {
    this.now = from.now;
    this.newId = from.newId;
    this.#walletsAtStart = new Map(from.wallets.map((wallet) => [wallet.accountId, wallet]));
    this.#wallets = new Map(this.#walletsAtStart);
    this.#accountOfWallet = new Map(from.wallets.map((wallet) => [wallet.id, wallet.accountId]));
    this.#holds = new Map(from.holds.map((hold) => [hold.id, hold]));
  }

  walletOf(accountId: string): Wallet | undefined {
    return this.#wallets.get(accountId);
  }

  hold(holdId: string): Hold | undefined {
    return this.#holds.get(holdId);
  }

  apply(change: Change): void {
    for (const transfer of change.transfers) this.#book(transfer);
    const { hold } = change;
    if (hold === undefined) return;
    const before = this.#holds.get(hold.id);
    invariant(before === undefined || !isResolved(before), `hold ${hold.id} was resolved before`);
    this.#holds.set(hold.id, hold);
    this.#changedHoldIds.add(hold.id);
    if (isResolved(hold)) this.#endedHoldIds.add(hold.id);
  }

  #book(transfer: Transfer): void {
    for (const walletId of [transfer.fromAccountId, transfer.toAccountId]) {
      const accountId = this.#accountOfWallet.get(walletId);
      const wallet = accountId === undefined ? undefined : this.#wallets.get(accountId);
      if (wallet !== undefined) this.#wallets.set(wallet.accountId, withTransfer(wallet, transfer));
    }
    this.transfers.push(transfer);
  }

  changedHolds(): Hold[] {
    return [...this.#changedHoldIds].map((id) => this.#known(id));
  }

  endedHolds(): Hold[] {
    return [...this.#endedHoldIds].map((id) => this.#known(id));
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

  #known(holdId: string): Hold {
    const hold = this.#holds.get(holdId);
    invariant(hold !== undefined, `hold ${holdId} is in this batch`);
    return hold;
  }
}
