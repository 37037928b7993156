import type { Clock, Logger } from '@suanli/kernel';
import { type Bus, createConsumer, type EventConsumer } from '@suanli/messaging';
import type { Database } from '@suanli/postgres';
import { AccountArrearsChanged, HoldEnded, WalletLevelChanged } from '@suanli/proto/suanli/events/v1/billing.ts';
import { CONSUMERS, EVENTS } from '@suanli/proto/subjects';
import { onArrearsChanged } from '../../app/reactions/on-arrears-changed.ts';
import { onHoldExpired, onWalletRestored } from '../../app/reactions/react-to-money.ts';
import type { SchedulerDeps } from '../../app/deps.ts';

type Options = { db: Database; bus: Bus; clock: Clock; logger: Logger; stores: SchedulerDeps['stores'] };

/** What billing tells. Subjects that ask for nothing here are done at once. */
export function createConsumers({ stores, ...options }: Options): Record<string, EventConsumer> {
  return {
    wallets: createConsumer({
      ...options,
      ...CONSUMERS.schedulerWallets,
      async handle(tx, event) {
        const isRestored = event.subject === EVENTS.walletRestored.subject;
        if (isRestored) await onWalletRestored(stores(tx), WalletLevelChanged.fromJSON(event.data).accountId);
        return { kind: 'done' };
      },
    }),
    arrears: createConsumer({
      ...options,
      ...CONSUMERS.schedulerArrears,
      async handle(tx, event) {
        await onArrearsChanged(stores(tx), AccountArrearsChanged.fromJSON(event.data));
        return { kind: 'done' };
      },
    }),
    holds: createConsumer({
      ...options,
      ...CONSUMERS.schedulerHolds,
      async handle(tx, event) {
        const isExpired = event.subject === EVENTS.holdExpired.subject;
        if (isExpired) await onHoldExpired(stores(tx), HoldEnded.fromJSON(event.data).holdId);
        return { kind: 'done' };
      },
    }),
  };
}
