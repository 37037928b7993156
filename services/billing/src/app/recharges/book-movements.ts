import { invariant } from '@suanli/kernel';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import { clearingAccount } from '../../domain/ledger/transfer.ts';
import { plainOrder } from '../../domain/order/order.ts';
import { decideMovement } from '../../domain/recharge/decide-movement.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import type { WantedMovement } from '../../domain/recharge/standing.ts';
import type { BillingStores } from '../ports.ts';

/** Undoes a transaction in which a serial number turned out to be booked before. */
export class SerialNumberReused extends Error {
  override name = 'SerialNumberReused';
}

type BookedMovements =
  | { kind: 'booked'; recharge: Recharge }
  | { kind: 'refused'; reason: 'amount_out_of_range'; recharge: Recharge };

/**
 * Books proven movements of one recharge whose wallet the batch has locked; the caller saves the recharge and writes the
 * batch. The row with the serial number comes first, in the transaction of the transfers: no movement is booked twice.
 */
export async function bookMovements(
  stores: BillingStores,
  batch: LedgerBatch,
  recharge: Recharge,
  wanted: readonly WantedMovement[],
): Promise<BookedMovements> {
  const { accountId } = recharge.tenant;
  let current = recharge;
  for (const one of wanted) {
    const wallet = batch.walletOf(accountId);
    invariant(wallet !== undefined, `the wallet of ${accountId} is locked`);
    const owedMicros = await stores.recharges.owedMicros(accountId);
    const decision = decideMovement({ recharge: current, wallet, owedMicros }, one, batch);
    if (decision.kind === 'refused') return { ...decision, recharge: current };
    if (!(await stores.recharges.insertMovement(decision.movement))) throw new SerialNumberReused(one.serialNumber);
    await stores.ledger.openPlatformAccount(clearingAccount(recharge.channel), 'clearing', batch.now);
    batch.apply({ transfers: decision.transfers });
    if (decision.owedMicros !== owedMicros) {
      await stores.recharges.saveOwed(accountId, decision.owedMicros, batch.now);
      batch.owe(accountId, decision.owedMicros > 0n);
    }
    if (one.kind === 'receipt') {
      const { tenant, channel: title, id: subjectId } = recharge;
      const { amountMicros } = one;
      await stores.orders.insert(plainOrder({ tenant, kind: 'recharge', subjectId, title, amountMicros }, batch));
    }
    current = decision.recharge;
  }
  return { kind: 'booked', recharge: current };
}
