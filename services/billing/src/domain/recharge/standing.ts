import type { Micros } from '@suanli/kernel';
import type { MovementKind, Recharge } from './recharge.ts';

/** What the provider says of one payment now. It is the whole truth, so the order in which news came does not matter. */
export type Standing = {
  providerId: string;
  payment:
    | { kind: 'waiting' }
    | { kind: 'paid'; serialNumber: string; amountMicros: Micros; currency: string }
    | { kind: 'failed'; reason: string }
    /** The offer has ended and cannot be paid any more. */
    | { kind: 'withdrawn' };
  takenBack: readonly TakenBack[];
};

export type TakenBack = {
  kind: 'refund' | 'dispute';
  serialNumber: string;
  amountMicros: Micros;
  /** `returned`: the refund failed or the dispute was won. */
  state: 'taken' | 'returned';
  /** A payout that we ordered: its money has left the wallet already. */
  isOurs: boolean;
};

export type WantedMovement = {
  kind: MovementKind;
  serialNumber: string;
  amountMicros: Micros;
  /** False when another flow has moved the money. */
  movesMoney: boolean;
};

/** A payment that is not the one asked for: an operator decides. */
export type Mismatch = {
  reason: 'amount_mismatch' | 'currency_mismatch';
  serialNumber: string;
  amountMicros: Micros;
  currency: string;
};

type Reconciliation = { movements: WantedMovement[]; mismatch?: Mismatch };

/** What has to be booked so that the books say what the provider says. Nothing when they do. */
export function reconcile(recharge: Recharge, booked: ReadonlySet<string>, standing: Standing): Reconciliation {
  const { payment } = standing;
  const movements: WantedMovement[] = [];
  const isReceived = payment.kind === 'paid' && booked.has(payment.serialNumber);
  if (payment.kind !== 'paid') return { movements };
  if (!isReceived) {
    const mismatch = mismatchOf(recharge, payment);
    if (mismatch !== undefined) return { movements, mismatch };
    movements.push({
      kind: 'receipt',
      serialNumber: payment.serialNumber,
      amountMicros: payment.amountMicros,
      movesMoney: true,
    });
  }
  for (const taken of standing.takenBack) movements.push(...takenBack(taken, booked));
  return { movements };
}

function mismatchOf(recharge: Recharge, payment: Extract<Standing['payment'], { kind: 'paid' }>): Mismatch | undefined {
  const { serialNumber, amountMicros, currency } = payment;
  const found = { serialNumber, amountMicros, currency };
  if (currency !== recharge.currency) return { reason: 'currency_mismatch', ...found };
  return amountMicros === recharge.amountMicros ? undefined : { reason: 'amount_mismatch', ...found };
}

/** A refund that we ordered goes by our own number, whoever tells of it first. */
export function refundSerial(refundId: string): string {
  return `refund/${refundId}`;
}

/** Serial number of the way back of what was taken back. */
function returnedSerial(serialNumber: string): string {
  return `${serialNumber}/returned`;
}

function takenBack(taken: TakenBack, booked: ReadonlySet<string>): WantedMovement[] {
  const { kind, serialNumber, amountMicros, state, isOurs } = taken;
  const isBooked = booked.has(serialNumber);
  const back = returnedSerial(serialNumber);
  if (state === 'taken') return isBooked ? [] : [{ kind, serialNumber, amountMicros, movesMoney: !isOurs }];
  if (!isBooked || booked.has(back)) return [];
  return [{ kind: `${kind}_returned`, serialNumber: back, amountMicros, movesMoney: !isOurs }];
}
