import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './repository.ts';

type Problems = Record<string, { status: number }>;
type Refusal = { reason: string; code: number; message: string; metadata?: Record<string, string> };

/** Two services, neither of which may import the other: what is compared is found by its path. */
const load = async <Module>(path: string) => (await import(pathToFileURL(join(root, path)).href)) as Module;

const { TRANSFER_REFUSALS } = await load<{ TRANSFER_REFUSALS: readonly string[] }>(
  'services/billing/src/domain/ledger/transfer-command.ts',
);
const { transferRefusal } = await load<{
  transferRefusal(refusal: { reason: string; missingMicros: bigint }): Refusal;
}>('services/billing/src/adapters/grpc/ledger-service.ts');
const PROBLEMS_FOLDER = 'services/gateway/src/adapters/http/problems';
const { PROBLEMS } = await load<{ PROBLEMS: Problems }>(`${PROBLEMS_FOLDER}/catalogue.ts`);
const { LEDGER_PROBLEMS } = await load<{ LEDGER_PROBLEMS: Problems }>(`${PROBLEMS_FOLDER}/ledger-problems.ts`);
const { problemFromGrpc } = await load<{ problemFromGrpc(view: object): { code: string } }>(
  `${PROBLEMS_FOLDER}/from-grpc.ts`,
);

/** What billing refuses and what the gateway tells: two lists in two services that must be one. */
describe('refusals of the ledger', () => {
  it.each(TRANSFER_REFUSALS)('%s is one ErrorInfo reason and one problem code', (reason) => {
    const refusal = transferRefusal({ reason, missingMicros: 7n });
    expect(refusal.reason).toBe(reason.toUpperCase());
    const { code, message, metadata = {} } = refusal;
    const view = { kind: 'refused', status: code, reason: refusal.reason, message, metadata };
    expect(problemFromGrpc(view).code).toBe(reason);
  });

  it('are all that the catalogue has of the ledger', () => {
    expect(Object.keys(LEDGER_PROBLEMS).filter((code) => !TRANSFER_REFUSALS.includes(code))).toEqual([]);
  });

  it('say by their status what it takes', () => {
    const statuses = Object.fromEntries(TRANSFER_REFUSALS.map((reason) => [reason, PROBLEMS[reason]?.status]));
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
