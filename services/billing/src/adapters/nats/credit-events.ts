import { CURRENCY } from '@suanli/kernel';
import type { OutboxEvent } from '@suanli/postgres';
import { CreditLotChanged } from '@suanli/proto/suanli/events/v1/credits.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { LotEvent } from '../../app/lots/ports.ts';
import { freeMicros } from '../../domain/lot/lot.ts';

/** What becomes of credit whose time comes to its end. */
export function lotChanged(event: LotEvent): Omit<OutboxEvent, 'id' | 'occurredAt'> {
  const { lot, version } = event;
  return {
    subject: event.kind === 'lot_expired' ? EVENTS.lotExpired.subject : EVENTS.lotExpiring.subject,
    aggregateId: lot.id,
    aggregateVersion: version,
    payload: CreditLotChanged.toJSON({
      lotId: lot.id,
      walletId: lot.walletId,
      accountId: lot.accountId,
      kind: lot.kind,
      amountMicros: event.kind === 'lot_expired' ? event.amountMicros : freeMicros(lot),
      currency: CURRENCY,
      expiresAt: lot.expiresAt === undefined ? undefined : new Date(lot.expiresAt),
    }),
  };
}
