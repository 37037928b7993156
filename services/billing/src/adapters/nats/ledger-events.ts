import { invariant } from '@suanli/kernel';
import type { OutboxEvent } from '@suanli/postgres';
import { LedgerSealed, TransfersBooked } from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { BillingEvent } from '../../app/ports.ts';

type Fact = Omit<OutboxEvent, 'id' | 'occurredAt'>;

export function transfersBooked({ transfers }: Extract<BillingEvent, { kind: 'transfers_booked' }>): Fact {
  const [first] = transfers;
  invariant(first !== undefined, 'an event of transfers names at least one');
  return {
    subject: EVENTS.transferBooked.subject,
    aggregateId: first.id,
    aggregateVersion: 1n,
    payload: TransfersBooked.toJSON({
      transfers: transfers.map(({ id, kind, code, fromAccountId, toAccountId, amountMicros }) => ({
        transferId: id,
        kind,
        code,
        fromAccountId,
        toAccountId,
        amountMicros,
      })),
    }),
  };
}

export function ledgerSealed({ seal }: Extract<BillingEvent, { kind: 'ledger_sealed' }>): Fact {
  const { number, firstPosition, lastPosition, transferCount, previousHash, hash } = seal;
  return {
    subject: EVENTS.ledgerSealed.subject,
    aggregateId: 'ledger',
    aggregateVersion: number,
    payload: LedgerSealed.toJSON({ number, firstPosition, lastPosition, transferCount, previousHash, hash }),
  };
}
