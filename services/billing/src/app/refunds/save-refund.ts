import type { Order } from '../../domain/order/order.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { BillingStores } from '../ports.ts';

export async function saveRefund(
  stores: BillingStores,
  { refund, order }: { refund: Refund; order: Order },
): Promise<void> {
  await stores.refunds.insert(refund);
  await stores.orders.saveRefunded(order);
}
