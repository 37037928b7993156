import { describe, expect, it } from 'vitest';
import { transferRefusal } from '../../services/billing/src/adapters/grpc/ledger-service.ts';
import { TRANSFER_REFUSALS } from '../../services/billing/src/domain/ledger/transfer-command.ts';
import { PROBLEMS } from '../../services/gateway/src/adapters/http/problems/catalogue.ts';
import { problemFromGrpc } from '../../services/gateway/src/adapters/http/problems/from-grpc.ts';
import { LEDGER_PROBLEMS } from '../../services/gateway/src/adapters/http/problems/ledger-problems.ts';

/** What billing refuses and what the gateway tells: two lists in two services that must be one. */
describe('refusals of the ledger', () => {
  it.each(TRANSFER_REFUSALS)('%s is one ErrorInfo reason and one problem code', (reason) => {
    const refusal = transferRefusal({ reason, missingMicros: 7n });
    expect(refusal.reason).toBe(reason.toUpperCase());
    const { code, message, metadata = {} } = refusal;
    const view = { kind: 'refused' as const, status: code, reason: refusal.reason, message, metadata };
    expect(problemFromGrpc(view).code).toBe(reason);
  });

  it('are all that the catalogue has of the ledger', () => {
    const reasons: readonly string[] = TRANSFER_REFUSALS;
    expect(Object.keys(LEDGER_PROBLEMS).filter((code) => !reasons.includes(code))).toEqual([]);
  });

  it('say by their status what it takes', () => {
    const statuses = Object.fromEntries(TRANSFER_REFUSALS.map((reason) => [reason, PROBLEMS[reason].status]));
    expect(statuses).toEqual({
      exists_with_different_kind: 409,
      exists_with_different_pending: 409,
      exists_with_different_accounts: 409,
      exists_with_different_amount: 409,
      exists_with_different_timeout: 409,
      exists_with_different_reference: 409,
      currency_not_supported: 422,
      amount_out_of_range: 422,
      timeout_out_of_range: 422,
      accounts_are_the_same: 422,
      account_not_found: 404,
      account_frozen: 403,
      pending_not_found: 404,
      pending_expired: 409,
      pending_already_voided: 409,
      pending_already_posted: 409,
      exceeds_pending_amount: 409,
      transfer_not_found: 404,
      transfer_is_a_reversal: 409,
      transfer_not_reversible: 409,
      transfer_already_reversed: 409,
      exceeds_credits: 402,
    });
  });
});
