import { ATTEMPT_WINDOW_MS, MAX_FAILURES } from '../../src/domain/voucher/attempts.ts';

/** Codes 0 to 2 are of one campaign, two an account; 3 is of another; any other is none. Each is for one account. */
export class VoucherModel {
  readonly #redeemedBy = new Map<number, number>();
  readonly #failures = new Map<number, { fromMs: number; count: number }>();

  redeem(account: number, code: number, nowMs: number): string | undefined {
    const failures = this.#failures.get(account);
    const isOpen = failures !== undefined && nowMs < failures.fromMs + ATTEMPT_WINDOW_MS;
    if (isOpen && failures.count >= MAX_FAILURES) return 'voucher_attempts_exceeded';
    const refusal = this.#refusal(account, code);
    if (refusal === undefined) this.#redeemedBy.set(code, account);
    else this.#failures.set(account, isOpen ? { ...failures, count: failures.count + 1 } : { fromMs: nowMs, count: 1 });
    return refusal;
  }

  #refusal(account: number, code: number): string | undefined {
    if (code > 3) return 'voucher_unknown';
    const by = this.#redeemedBy.get(code);
    if (by !== undefined) return by === account ? 'voucher_already_redeemed' : 'voucher_used';
    const mine = [0, 1, 2].filter((one) => this.#redeemedBy.get(one) === account).length;
    return code < 3 && mine >= 2 ? 'voucher_limit_reached' : undefined;
  }
}
