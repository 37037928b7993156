import type { Micros } from '@suanli/kernel';
import type { CreditSpent } from '../../domain/lot/credit-spent.ts';
import type {
  ChargeOfWindow,
  Credit,
  CreditedCharge,
  CreditReason,
  UnusableWindow,
} from '../../domain/refund/credit.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

/** Whoever writes a refund has the wallet of its account locked. */
export interface RefundStore {
  get(refundId: string): Promise<Refund | undefined>;
  insert(refund: Refund): Promise<void>;
  saveState(refund: Refund): Promise<void>;
  /** What is about to leave of a recharge. */
  openPayoutMicros(rechargeId: string): Promise<Micros>;
  /** Payouts that are to be sent, oldest first. */
  approvedIds(limit: number): Promise<string[]>;
  /** What of which credit lots paid for these orders or bill lines, less what came back. */
  creditSpentOn(references: readonly string[]): Promise<CreditSpent[]>;
}

/** Whoever writes a credit has the wallet of its account locked. */
export interface CreditStore {
  /** False when time of this epoch was told unusable before: it is told once. */
  insertWindow(window: UnusableWindow): Promise<boolean>;
  /** Those that were told of these epochs. */
  windows(of: readonly { id: string; epoch: number }[]): Promise<UnusableWindow[]>;
  /** Charges of one epoch that no credit has looked at, in the order in which they were made. */
  openCharges(window: UnusableWindow): Promise<ChargeOfWindow[]>;
  insert(credits: readonly Credit[], looked: readonly CreditedCharge[]): Promise<void>;
}

export interface RefundReads {
  refunds(visible: Visible, page: PageQuery, state: string): Promise<Page<Refund>>;
  refund(visible: Visible, refundId: string): Promise<Refund | undefined>;
  /** Payouts of all accounts that wait for an operator, oldest first. */
  openPayouts(page: PageQuery): Promise<Page<Refund>>;
  credits(visible: Visible, page: PageQuery, reason: CreditReason | ''): Promise<Page<Credit>>;
}

export type RefundEvent = { kind: 'refund_changed'; refund: Refund } | { kind: 'credit_given'; credit: Credit };
