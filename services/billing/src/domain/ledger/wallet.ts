import { type Instant, invariant, type Micros } from '@suanli/kernel';
import type { Standing } from '../arrears/standing.ts';
import { legsOf, type Transfer } from './transfer.ts';

export type WalletLevel = 'ok' | 'low' | 'exhausted';

/** A customer's money: the only kind of account whose row is locked. One per account of the platform. */
export type Wallet = {
  id: string;
  accountId: string;
  currency: string;
  /** Recharged minus charged. */
  postedMicros: Micros;
  /** Reserved by holds; never negative. */
  pendingMicros: Micros;
  /** The part of `posted` that is of credit lots; the rest is cash. */
  lotRemainingMicros: Micros;
  /** The part of `pending` that is of credit lots. */
  lotReservedMicros: Micros;
  /** Credit lots it ever had: a wallet that never had any costs no look for them. */
  lotCount: number;
  /** How far below zero `posted - pending` may go. */
  overdraftMicros: Micros;
  status: 'active' | 'frozen';
  /** The level that the last event about this wallet told, `exhausted` for a new one. */
  level: WalletLevel;
  /** Whether it pays what it uses. */
  standing: Standing;
  /** A wallet without budgets costs no look for them. */
  hasBudgets: boolean;
  /** A payer's bank took money back that was spent, and no new money has paid it yet. */
  hasDebt: boolean;
  /** Number of its ledger entries so far; the next entry gets the next number. */
  sequence: bigint;
  createdAt: Instant;
};

/** What a new hold may take: counted after active holds, so that parallel work cannot spend the same money twice. */
export function availableMicros(wallet: Wallet): Micros {
  return wallet.postedMicros - wallet.pendingMicros + wallet.overdraftMicros;
}

/** What of the cash, with the overdraft, no hold has: it pays for anything. */
export function freeCashMicros(wallet: Wallet): Micros {
  return availableMicros(wallet) - (wallet.lotRemainingMicros - wallet.lotReservedMicros);
}

/** The wallet after a transfer that touches it. A transfer that would break the floor is a bug of its caller. */
export function withTransfer(wallet: Wallet, transfer: Transfer): Wallet {
  const leg = legsOf(transfer).find((one) => one.accountId === wallet.id);
  if (leg === undefined) return wallet;
  const after = {
    ...wallet,
    postedMicros: wallet.postedMicros + leg.postedMicros,
    pendingMicros: wallet.pendingMicros - leg.pendingMicros,
    sequence: wallet.sequence + 1n,
  };
  invariant(after.pendingMicros >= 0n, `wallet ${wallet.id} would hold less than nothing`);
  invariant(availableMicros(after) >= 0n, `wallet ${wallet.id} would fall below its floor`);
  return after;
}

type LotBalance = { remainingMicros: Micros; reservedMicros: Micros };

/** The wallet after a transfer has moved one of its lots too. */
export function withLotMoved(wallet: Wallet, before: LotBalance, after: LotBalance): Wallet {
  return {
    ...wallet,
    lotRemainingMicros: wallet.lotRemainingMicros + after.remainingMicros - before.remainingMicros,
    lotReservedMicros: wallet.lotReservedMicros + after.reservedMicros - before.reservedMicros,
  };
}

/** `low` below `lowMicros`, `exhausted` when nothing is left for a new hold. */
export function levelOf(wallet: Wallet, lowMicros: Micros): WalletLevel {
  const available = availableMicros(wallet);
  if (available <= 0n) return 'exhausted';
  return available < lowMicros ? 'low' : 'ok';
}

const RANK: Record<WalletLevel, number> = { exhausted: 0, low: 1, ok: 2 };

/** What to tell of a change of level: any way up is a restoration. Undefined when the level is the same. */
export function levelChange(from: WalletLevel, to: WalletLevel): 'ran_low' | 'exhausted' | 'restored' | undefined {
  if (from === to) return undefined;
  if (RANK[to] > RANK[from]) return 'restored';
  return to === 'exhausted' ? 'exhausted' : 'ran_low';
}
