import { TEST_POLICY } from '../../src/testing/memory-billing.ts';
import { CreditModel, type ModelLine, type ModelPart } from '../credit/credit-model.ts';
import type { Answer, Operation, Place } from './operations.ts';
import { VoucherModel } from '../credit/voucher-model.ts';

type ModelHold = {
  account: number;
  status: 'active' | 'closed' | 'expired';
  item: number;
  /** What it has set aside of which lots. */
  shares: ModelPart[];
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
  readonly #lines = new Map<string, ModelLine>();
  readonly #facts: { account: number; item: number; quantity: number }[] = [];
  readonly #vouchers = new VoucherModel();
  readonly credit = new CreditModel();

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
      case 'correct':
        return [this.#correct(operation)];
      case 'grant':
        return [this.#grant(operation)];
      case 'redeem':
        return [this.#redeem(operation)];
      case 'pass':
        this.nowMs += operation.ms;
        if (!operation.isSwept) return [];
        for (const hold of this.holds) {
          if (!hold.isResolved && hold.expiresMs + TEST_POLICY.lateUsageMs <= this.nowMs)
            this.#resolve(hold, 'expired');
        }
        for (const lot of this.credit.lots) this.#spend(lot.account, this.credit.breakOne(lot, this.nowMs));
        return [];
    }
  }

  pending(account: number): number {
    return this.holds.filter((hold) => hold.account === account).reduce((sum, hold) => sum + left(hold), 0);
  }

  look() {
    return {
      lots: this.posted.map((_, account) =>
        this.credit.of(account).map(({ granted, remaining, reserved, broken }) => ({
          granted: BigInt(granted),
          remaining: BigInt(remaining),
          reserved: BigInt(reserved),
          broken: BigInt(broken),
        })),
      ),
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

  /** Credit that pays for the item now, and cash that no hold has. */
  #available(account: number, item: number): number {
    const free = (this.posted[account] ?? 0) - this.pending(account) - this.credit.freeOf(account);
    return free + this.credit.payable(account, item, this.nowMs);
  }

  #spend(account: number, amount: number): void {
    this.posted[account] = (this.posted[account] ?? 0) - amount;
  }

  #reserve(hold: ModelHold, amount: number): void {
    const parts = this.credit.take(hold.account, amount, hold.item, this.nowMs);
    for (const part of parts) part.lot.reserved += part.amount;
    const order = this.credit.inOrder([...new Set([...hold.shares, ...parts].map((part) => part.lot))]);
    const all = [...hold.shares, ...parts];
    hold.shares = order.map((lot) => ({
      lot,
      amount: all.filter((part) => part.lot === lot).reduce((sum, part) => sum + part.amount, 0),
    }));
  }

  #grant({ request, account, amount, priority, delayMs, ttlMs, item }: Extract<Operation, { kind: 'grant' }>): string {
    // The times are those of the call: the same wish at another time is another body.
    const body = {
      account,
      amount,
      priority,
      item,
      from: this.nowMs + delayMs,
      to: ttlMs && this.nowMs + ttlMs,
      ttlMs,
    };
    const answer = this.#once('grant', request, body, () => {
      if (this.posted[account] === undefined) return 'wallet_not_found';
      if (amount === 0) return 'amount_out_of_range';
      if (priority === 0) return 'priority_out_of_range';
      if (ttlMs !== undefined && (ttlMs <= 0 || ttlMs <= delayMs)) return 'expiry_in_past';
      const expiresMs = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.nowMs + ttlMs;
      this.credit.grant({ account, priority, effectiveMs: this.nowMs + delayMs, expiresMs, item, granted: amount });
      this.#spend(account, -amount);
      return 'held';
    });
    return answer === 'held' ? 'granted' : answer;
  }

  #redeem({ request, account, code }: Extract<Operation, { kind: 'redeem' }>): string {
    const answer = this.#once(`voucher ${account}`, request, { code: Math.min(code, 4) }, () => {
      this.posted[account] ??= 0;
      const refusal = this.#vouchers.redeem(account, code, this.nowMs);
      if (refusal !== undefined) return refusal;
      const expiresMs = code < 3 ? this.nowMs + 86_400_000 : Number.POSITIVE_INFINITY;
      this.credit.grant({ account, priority: 2, effectiveMs: this.nowMs, expiresMs, item: undefined, granted: 50 });
      this.#spend(account, -50);
      return 'held';
    });
    return answer === 'held' ? 'redeemed' : answer;
  }

  #place({ account, amount, ttlMs, item }: Place): string {
    if (amount <= 0) return 'amount_out_of_range 0';
    if (ttlMs <= this.nowMs) return 'expiry_in_past 0';
    if (this.posted[account] === undefined) return 'wallet_not_found 0';
    const missing = amount - this.#available(account, item);
    if (missing > 0) return `insufficient_funds ${missing}`;
    const hold: ModelHold = {
      account,
      item,
      shares: [],
      status: 'active',
      amount,
      captured: 0,
      released: 0,
      expiresMs: ttlMs,
      awaits: undefined,
      isResolved: false,
    };
    this.#reserve(hold, amount);
    this.holds.push(hold);
    return 'held';
  }

  #extend({ hold: index, amount, ttlMs }: Extract<Operation, { kind: 'extend' }>): string {
    const hold = this.holds[index];
    if (hold === undefined) return 'hold_not_found 0';
    if (hold.status !== 'active') return 'hold_not_active 0';
    if (amount < hold.amount) return 'amount_out_of_range 0';
    if (ttlMs <= this.nowMs) return 'expiry_in_past 0';
    const missing = amount - hold.amount - this.#available(hold.account, hold.item);
    if (amount > hold.amount && missing > 0) return `insufficient_funds ${missing}`;
    this.#reserve(hold, amount - hold.amount);
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

  #use({ usage, account, hold: index, item, quantity, isFinal }: Use): string {
    const fact = JSON.stringify([account, item, quantity]);
    const before = this.#rated.get(usage);
    if (before !== undefined) return before === fact ? 'duplicate' : 'contradiction';
    const hold = index === undefined ? undefined : this.holds[index];
    if (index !== undefined && hold === undefined) return 'hold_not_found';
    if (hold !== undefined && hold.account !== account) return 'hold_of_other_tenant';
    if (this.posted[account] === undefined) return 'wallet_not_found';
    this.#rated.set(usage, fact);
    this.#facts.push({ account, item, quantity });
    this.#charge({ account, item }, hold, quantity);
    if (hold !== undefined && !hold.isResolved && (isFinal || hold.awaits === usage)) this.#resolve(hold, 'closed');
    return 'rated';
  }

  #correct({ pick, quantity }: Extract<Operation, { kind: 'correct' }>): string {
    const fact = this.#facts[pick % Math.max(this.#facts.length, 1)];
    if (fact === undefined) return 'nothing';
    this.#charge(fact, undefined, quantity - fact.quantity);
    fact.quantity = quantity;
    return 'rated';
  }

  #charge({ account, item }: { account: number; item: number }, hold: ModelHold | undefined, quantity: number): void {
    const key = `${account} ${item}`;
    const line = this.#lines.get(key) ?? { quantity: 0, borne: 0, credit: [] };
    this.#lines.set(key, line);
    const before = Math.floor((line.quantity * 7) / 3);
    line.quantity += quantity;
    const amount = Math.floor((line.quantity * 7) / 3) - before;
    if (amount < 0) return this.#giveBack(account, line, before, -amount);
    const held = hold === undefined ? 0 : this.#capture(hold, line, item, amount);
    const direct = Math.min(amount - held, this.#available(account, item));
    for (const part of this.credit.take(account, direct, item, this.nowMs)) pay(line, part);
    this.#spend(account, direct);
    line.borne += amount - held - direct;
  }

  /** Credit that is for something else than what was used stays where it is. */
  #capture(hold: ModelHold, line: ModelLine, item: number, amount: number): number {
    const cash = left(hold) - hold.shares.reduce((sum, share) => sum + share.amount, 0);
    let missing = amount;
    for (const share of hold.shares) {
      if (share.lot.item !== undefined && share.lot.item !== item) continue;
      const taken = Math.min(missing, share.amount);
      share.amount -= taken;
      share.lot.reserved -= taken;
      pay(line, { lot: share.lot, amount: taken });
      missing -= taken;
    }
    const held = amount - missing + Math.min(missing, cash);
    hold.captured += held;
    this.#spend(hold.account, held);
    return held;
  }

  #giveBack(account: number, line: ModelLine, paid: number, amount: number): void {
    const credit = line.credit.reduce((sum, part) => sum + part.amount, 0);
    const cash = paid - line.borne - credit;
    const unborne = Math.min(amount, line.borne);
    line.borne -= unborne;
    this.#spend(account, unborne - amount);
    this.credit.giveBack(line, amount - unborne - Math.min(amount - unborne, cash), this.nowMs);
  }

  #resolve(hold: ModelHold, status: 'closed' | 'expired'): void {
    hold.released += left(hold);
    hold.status = status;
    hold.isResolved = true;
    for (const { lot, amount } of hold.shares) {
      lot.reserved -= amount;
      if (amount > 0) this.#spend(hold.account, this.credit.breakOne(lot, this.nowMs));
    }
    hold.shares = [];
  }
}

function pay(line: ModelLine, { lot, amount }: ModelPart): void {
  lot.remaining -= amount;
  line.credit.push({ lot, amount });
}

function left(hold: ModelHold): number {
  return hold.amount - hold.captured - hold.released;
}
