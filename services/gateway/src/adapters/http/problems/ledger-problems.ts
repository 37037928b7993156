import { p, type ProblemKind } from './problem-kind.ts';

const NEW_ID = 'The id of a transfer is its idempotency key: send the same order again, or take a new id.';

/** What the ledger refuses, one code for each of its reasons; those that others refuse too stand in the catalogue. */
export const LEDGER_PROBLEMS = {
  exists_with_different_kind: p(409, 'A transfer of this id is of another kind', NEW_ID),
  exists_with_different_pending: p(409, 'A transfer of this id resolves or reverses another transfer', NEW_ID),
  exists_with_different_accounts: p(409, 'A transfer of this id is between other accounts', NEW_ID),
  exists_with_different_amount: p(409, 'A transfer of this id moved another amount', NEW_ID),
  exists_with_different_timeout: p(409, 'A transfer of this id waits for another time', NEW_ID),
  exists_with_different_reference: p(409, 'A transfer of this id has another reference', NEW_ID),
  timeout_out_of_range: p(422, 'The timeout is out of range', 'A reserve lasts from 1 ms to 30 days.'),
  accounts_are_the_same: p(422, 'Payer and payee are the same account', 'Money moves between two accounts.'),
  pending_not_found: p(404, 'There is no such pending transfer', 'Check the id; holds of work are not resolved here.'),
  pending_expired: p(409, 'The time of the pending transfer has passed', 'Its money is free again: reserve anew.'),
  pending_already_voided: p(409, 'The pending transfer was voided', 'Its money is free again: reserve anew.'),
  pending_already_posted: p(409, 'The pending transfer was posted whole', 'Nothing is left of it.'),
  exceeds_pending_amount: p(
    409,
    'The pending transfer has less left',
    'Post at most what is left; `details.missing_micros` is what it lacks.',
  ),
  transfer_not_found: p(404, 'There is no such transfer', 'Check the id.'),
  transfer_is_a_reversal: p(409, 'A reversal cannot be reversed', 'Order the payment anew, under a new id.'),
  transfer_not_reversible: p(
    409,
    'This transfer cannot be reversed here',
    'Only a payment that was ordered of the ledger can; charges and orders come back by refunds.',
  ),
  transfer_already_reversed: p(409, 'The transfer was reversed before', 'A payment is paid back once.'),
  exceeds_credits: p(
    402,
    'The payer has not enough free cash',
    '`shortfall_micros` is missing. Credit and what is held for running work cannot be moved.',
  ),
} as const satisfies Record<string, ProblemKind>;
