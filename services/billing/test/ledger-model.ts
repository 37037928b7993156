import { TEST_POLICY } from '../src/testing/memory-billing.ts';
import type { Answer, Operation, Place } from './operations.ts';

type ModelHold = {
  account: number;
  status: 'active' | 'closed' | 'expired';
  amount: number;
  captured: number;
  released: number;
  expiresMs: number;
  awaits: number | undefined;
  isResolved: boolean;
};
type Use = Extract<Operation, { kind: 'use' }>;

/**
 * What the ledger means, in a page: plain numbers, one list of holds, one table of requests. Written apart from the
 * service on purpose; where the two disagree, one of them is wrong.
 */
export class LedgerModel {
  nowMs = 0;
  readonly posted: (number | undefined)[] = [undefined, undefined];
  readonly holds: ModelHold[] = [];
  readonly #requests = new Map<string, string>();
  readonly #rated = new Map<number, string>();
  readonly #lineQuantity = new Map<number, number>();
  platformBore = 0;

  run(operation: Operation): Answer {
    switch (operation.kind) {
      case 'recharge':
        return [this.#recharge(operation)];
      case 'place':
        return this.#placeAll(operation.commands);
      case 'extend':
        return [this.#once('hold', operation.request, operation, () => this.#extend(operation))];
      case 'close':
        return [this.#once('hold', operation.request, operation, () => this.#close(operation))];
      case 'use':
        return [this.#use(operation)];
      case 'pass':
        this.nowMs += operation.ms;
        for (const hold of this.holds) {
          if (!hold.isResolved && hold.expiresMs + TEST_POLICY.lateUsageMs <= this.nowMs)
            this.#resolve(hold, 'expired');
        }
        return [];
    }
  }

  pending(account: number): number {
    return this.holds.filter((hold) => hold.account === account).reduce((sum, hold) => sum + left(hold), 0);
  }

  look() {
    return {
      wallets: this.posted.map((posted, account) =>
        posted !== undefined ? { posted: BigInt(posted), pending: BigInt(this.pending(account)) } : undefined,
      ),
      holds: this.holds.map(({ status, amount, captured, released }) => ({
        status,
        amount: BigInt(amount),
        captured: BigInt(captured),
        released: BigInt(released),
      })),
    };
  }

  #recharge({ request, account, amount }: Extract<Operation, { kind: 'recharge' }>): string {
    if (amount <= 0) return 'amount_out_of_range';
    const answer = this.#once(`recharge ${account}`, request, { account, amount }, () => {
      this.posted[account] = (this.posted[account] ?? 0) + amount;
      return 'held';
    });
    return answer === 'held' ? 'received' : 'request_id_reused';
  }

  /** Only what was done is remembered; a refusal leaves its id free. */
  #once(scope: string, request: number, body: object, effect: () => string): string {
    const key = `${scope} ${request}`;
    const before = this.#requests.get(key);
    if (before !== undefined)
      return before === JSON.stringify(body) ? 'held' : scope === 'hold' ? 'request_id_reused 0' : 'request_id_reused';
    const answer = effect();
    if (answer === 'held') this.#requests.set(key, JSON.stringify(body));
    return answer;
  }

  /** In one call an id names one command: whoever repeats it gets its answer, another body is a conflict at once. */
  #placeAll(commands: readonly Place[]): Answer {
    const inThisCall = new Map<number, { body: string; answer: string }>();
    return commands.map((command) => {
      const body = JSON.stringify(command);
      const first = inThisCall.get(command.request);
      if (first !== undefined) return first.body === body ? first.answer : 'request_id_reused 0';
      const answer = this.#once('hold', command.request, { place: command }, () => this.#place(command));
      inThisCall.set(command.request, { body, answer });
      return answer;
    });
  }

  #available(account: number): number {
    return (this.posted[account] ?? 0) - this.pending(account);
  }

  #place({ account, amount, ttlMs }: Place): string {
    if (amount <= 0) return 'amount_out_of_range 0';
    if (ttlMs <= this.nowMs) return 'expiry_in_past 0';
    if (this.posted[account] === undefined) return 'wallet_not_found 0';
    const missing = amount - this.#available(account);
    if (missing > 0) return `insufficient_funds ${missing}`;
    this.holds.push({
      account,
      status: 'active',
      amount,
      captured: 0,
      released: 0,
      expiresMs: ttlMs,
      awaits: undefined,
      isResolved: false,
    });
    return 'held';
  }

  #extend({ hold: index, amount, ttlMs }: Extract<Operation, { kind: 'extend' }>): string {
    const hold = this.holds[index];
    if (hold === undefined) return 'hold_not_found 0';
    if (hold.status !== 'active') return 'hold_not_active 0';
    if (amount < hold.amount) return 'amount_out_of_range 0';
    if (ttlMs <= this.nowMs) return 'expiry_in_past 0';
    const missing = amount - hold.amount - this.#available(hold.account);
    if (amount > hold.amount && missing > 0) return `insufficient_funds ${missing}`;
    hold.amount = amount;
    hold.expiresMs = Math.max(hold.expiresMs, ttlMs);
    return 'held';
  }

  #close({ hold: index, awaits }: Extract<Operation, { kind: 'close' }>): string {
    const hold = this.holds[index];
    if (hold === undefined) return 'hold_not_found 0';
    if (hold.status !== 'active') return 'held';
    hold.status = 'closed';
    if (awaits === undefined || this.#rated.has(awaits)) this.#resolve(hold, 'closed');
    else hold.awaits = awaits;
    return 'held';
  }

  #use({ usage, account, hold: index, quantity, isFinal }: Use): string {
    const fact = JSON.stringify([account, quantity]);
    const before = this.#rated.get(usage);
    if (before !== undefined) return before === fact ? 'duplicate' : 'contradiction';
    const hold = index === undefined ? undefined : this.holds[index];
    if (index !== undefined && hold === undefined) return 'hold_not_found';
    if (hold !== undefined && hold.account !== account) return 'hold_of_other_tenant';
    if (this.posted[account] === undefined) return 'wallet_not_found';
    this.#rated.set(usage, fact);
    this.#charge(account, hold, quantity);
    if (hold !== undefined && !hold.isResolved && (isFinal || hold.awaits === usage)) this.#resolve(hold, 'closed');
    return 'rated';
  }

  #charge(account: number, hold: ModelHold | undefined, quantity: number): void {
    const before = this.#lineQuantity.get(account) ?? 0;
    this.#lineQuantity.set(account, before + quantity);
    const amount = Math.floor(((before + quantity) * 7) / 3) - Math.floor((before * 7) / 3);
    const held = Math.min(amount, hold === undefined ? 0 : left(hold));
    if (hold !== undefined) hold.captured += held;
    this.posted[account] = (this.posted[account] ?? 0) - held;
    const direct = Math.min(amount - held, this.#available(account));
    this.posted[account] = (this.posted[account] ?? 0) - direct;
    this.platformBore += amount - held - direct;
  }

  #resolve(hold: ModelHold, status: 'closed' | 'expired'): void {
    hold.released += left(hold);
    hold.status = status;
    hold.isResolved = true;
  }
}

function left(hold: ModelHold): number {
  return hold.amount - hold.captured - hold.released;
}
