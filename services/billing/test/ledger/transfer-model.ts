/** An order as the model and billing are given it: small numbers, so that ids collide and money runs out. */
export type Order = { id: number } & (
  | { kind: 'post'; from: number; to: number; amount: number }
  | { kind: 'pending'; from: number; amount: number; timeoutMs: number }
  | { kind: 'post_pending'; of: number; amount: number }
  | { kind: 'void_pending'; of: number }
  | { kind: 'reversal'; of: number }
);
export type Step = { kind: 'orders'; orders: Order[] } | { kind: 'pass'; ms: number };

/** Accounts 0 to 2 are wallets, 3 is an account of the platform, 4 does not exist. */
export const WALLETS = 3;
const PLATFORM = 3;

type Reserve = { from: number; amount: number; captured: number; endsMs: number; end: 'open' | 'voided' | 'expired' };

/**
 * What two-phase transfers mean, in a page of plain numbers: written apart from the service on purpose. Where the two
 * disagree, one of them is wrong.
 */
export class TransferModel {
  nowMs = 0;
  readonly posted = [0, 0, 0, 0];
  readonly #done = new Map<number, Order>();
  readonly #reserves = new Map<number, Reserve>();
  readonly #reversed = new Set<number>();

  run(step: Step): string[] {
    if (step.kind === 'orders') return step.orders.map((order) => this.#order(order));
    this.nowMs += step.ms;
    for (const reserve of this.#reserves.values()) {
      if (reserve.end === 'open' && reserve.endsMs <= this.nowMs && left(reserve) > 0) reserve.end = 'expired';
    }
    return [];
  }

  pending(account: number): number {
    return [...this.#reserves.values()]
      .filter((reserve) => reserve.from === account && reserve.end === 'open')
      .reduce((sum, reserve) => sum + left(reserve), 0);
  }

  #order(order: Order): string {
    const before = this.#done.get(order.id);
    if (before !== undefined) return compare(before, order);
    const answer = this.#decide(order);
    if (answer === 'created') this.#done.set(order.id, order);
    return answer;
  }

  #decide(order: Order): string {
    switch (order.kind) {
      case 'post':
        if (order.amount <= 0) return 'amount_out_of_range';
        if (order.from === order.to) return 'accounts_are_the_same';
        if (order.from > PLATFORM || order.to > PLATFORM) return 'account_not_found';
        return this.#pay(order.from, order.to, order.amount);
      case 'pending': {
        if (order.amount <= 0) return 'amount_out_of_range';
        if (order.timeoutMs <= 0) return 'timeout_out_of_range';
        if (order.from >= PLATFORM) return 'account_not_found';
        if (order.amount > this.#available(order.from)) return 'exceeds_credits';
        const { from, amount } = order;
        this.#reserves.set(order.id, { from, amount, captured: 0, endsMs: this.nowMs + order.timeoutMs, end: 'open' });
        return 'created';
      }
      case 'post_pending': {
        const reserve = this.#reserves.get(order.of);
        const closed = this.#closed(reserve);
        if (reserve === undefined || closed !== undefined) return closed ?? 'pending_not_found';
        if (order.amount <= 0) return 'amount_out_of_range';
        if (order.amount > left(reserve)) return 'exceeds_pending_amount';
        reserve.captured += order.amount;
        this.#move(reserve.from, PLATFORM + 1, order.amount);
        return 'created';
      }
      case 'void_pending': {
        const reserve = this.#reserves.get(order.of);
        const closed = this.#closed(reserve);
        if (reserve === undefined || closed !== undefined) return closed ?? 'pending_not_found';
        reserve.end = 'voided';
        return 'created';
      }
      case 'reversal': {
        const paid = this.#done.get(order.of);
        if (paid === undefined) return 'transfer_not_found';
        if (paid.kind === 'reversal') return 'transfer_is_a_reversal';
        if (paid.kind !== 'post') return 'transfer_not_reversible';
        if (this.#reversed.has(paid.id)) return 'transfer_already_reversed';
        const answer = this.#pay(paid.to, paid.from, paid.amount);
        if (answer === 'created') this.#reversed.add(paid.id);
        return answer;
      }
    }
  }

  #closed(reserve: Reserve | undefined): string | undefined {
    if (reserve === undefined) return 'pending_not_found';
    if (reserve.end === 'expired') return 'pending_expired';
    if (reserve.end === 'voided') return 'pending_already_voided';
    return left(reserve) === 0 ? 'pending_already_posted' : undefined;
  }

  #pay(from: number, to: number, amount: number): string {
    if (from < WALLETS && amount > this.#available(from)) return 'exceeds_credits';
    this.#move(from, to, amount);
    return 'created';
  }

  #move(from: number, to: number, amount: number): void {
    this.posted[from] = (this.posted[from] ?? 0) - amount;
    this.posted[to] = (this.posted[to] ?? 0) + amount;
  }

  #available(account: number): number {
    return (this.posted[account] ?? 0) - this.pending(account);
  }
}

function left(reserve: Reserve): number {
  return reserve.amount - reserve.captured;
}

/** In what another order under the same id differs first. */
function compare(before: Order, order: Order): string {
  if (before.kind !== order.kind) return 'exists_with_different_kind';
  const differs = (key: string) => (before as Record<string, unknown>)[key] !== (order as Record<string, unknown>)[key];
  if (differs('of')) return 'exists_with_different_pending';
  if (differs('from') || differs('to')) return 'exists_with_different_accounts';
  if (differs('amount')) return 'exists_with_different_amount';
  return differs('timeoutMs') ? 'exists_with_different_timeout' : 'exists';
}
