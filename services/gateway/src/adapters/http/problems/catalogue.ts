/** One kind of error: its HTTP status and what to do about it. `retryable`: the same request may succeed later. */
export type ProblemKind = { status: number; title: string; docs: string; retryable?: true };

const p = (status: number, title: string, docs: string): ProblemKind => ({ status, title, docs });
const r = (status: number, title: string, docs: string): ProblemKind => ({ status, title, docs, retryable: true });

/**
 * Every error that the platform's REST API answers, by its stable code. A gRPC ErrorInfo reason of a service is the
 * code in upper case. docs/api/errors.md and /docs/errors are made from this table.
 */
export const PROBLEMS = {
  // The request itself.
  invalid_request: p(
    400,
    'The request is not valid',
    'Each entry of `errors` points to one field that is wrong, missing or unknown.',
  ),
  invalid_json: p(400, 'The body is not JSON', 'Send a JSON document in UTF-8.'),
  invalid_if_match: p(400, 'The If-Match is not valid', 'Pass the `ETag` of the thing, unchanged.'),
  version_changed: p(412, 'It is not the one that you have read', 'Read it again, then decide again.'),
  invalid_cursor: p(400, 'The cursor is not valid', 'Pass `next_cursor` of the page before, unchanged.'),
  invalid_last_event_id: p(
    400,
    'The Last-Event-ID is not valid',
    'Pass the `id` of the last event that you have seen, unchanged.',
  ),
  payload_too_large: p(413, 'The body is too large', 'JSON bodies are bounded; bulk bytes go through uploads.'),
  uri_too_long: p(414, 'The address is too long', 'Shorten path or query.'),
  unsupported_media_type: p(
    415,
    'The content type is not supported',
    'Most routes take `application/json`; the reference names the others.',
  ),
  route_not_found: p(404, 'There is no such route', 'See the reference at /docs.'),
  method_not_allowed: p(405, 'The route has no such method', 'The `Allow` header names those that it has.'),
  range_not_satisfiable: p(416, 'The range is outside of the file', '`Content-Range` tells the size of the file.'),
  // Who asks.
  invalid_api_key: p(
    401,
    'The API key is not valid',
    'Missing, unknown, revoked and expired keys are not told apart. Send `Authorization: Bearer sk_…`.',
  ),
  role_forbidden: p(403, 'Your role does not allow this', 'Ask an owner or admin of the account.'),
  scope_missing: p(403, 'The key lacks a scope', 'The reference names the scope of each route.'),
  tenant_required: p(403, 'This needs a key of an account', 'The operator belongs to no account; use a key of one.'),
  operator_required: p(403, 'Only the operator may do this', 'It changes the platform, not an account.'),
  permission_denied: p(403, 'You may not do this', 'Role or scopes of the key do not allow it.'),
  rate_limited: r(429, 'Too many requests', 'Wait for `Retry-After` seconds. `RateLimit` tells what is left.'),
  too_many_streams: r(429, 'Too many open event streams', 'Close one, or use another key.'),
  // Idempotency.
  invalid_idempotency_key: p(400, 'The Idempotency-Key is not valid', '1 to 255 visible ASCII characters.'),
  idempotency_key_in_flight: r(
    409,
    'A request with this Idempotency-Key is under way',
    'Wait for its answer, or ask again with the same key.',
  ),
  idempotency_key_reused: p(
    422,
    'The Idempotency-Key was used for another request',
    'A key stands for one request; use a new one for another body.',
  ),
  // Accounts, members, keys.
  account_not_found: p(404, 'There is no such account', 'Check the id.'),
  workspace_not_found: p(
    404,
    'There is no such workspace',
    'Check the id; other accounts’ workspaces are never found.',
  ),
  workspace_exists: p(409, 'The account has a workspace of that name', 'Names of workspaces are unique in an account.'),
  member_not_found: p(404, 'There is no such member', 'Check the id; removed members are not found.'),
  member_exists: p(409, 'The account has a member with that e-mail address', 'Change the member that there is.'),
  last_owner: p(409, 'An account keeps at least one owner', 'Make another member owner first.'),
  role_too_high: p(
    403,
    'Nobody acts on someone above themselves',
    'You may give, take or act on roles up to your own.',
  ),
  api_key_not_found: p(404, 'There is no such API key', 'Check the id.'),
  scope_too_wide: p(403, 'A key cannot give what it does not have', 'Ask for scopes that your own key holds.'),
  expiry_in_past: p(422, 'The expiry is in the past', 'Choose a later time.'),
  // Money.
  insufficient_funds: p(
    402,
    'There is not enough money in the wallet',
    '`shortfall_micros` is missing. Recharge, or stop what holds money.',
  ),
  account_frozen: p(403, 'The wallet is frozen', 'Ask the operator.'),
  wallet_not_found: r(404, 'There is no wallet yet', 'It is opened within moments after the account.'),
  recharge_channel_unavailable: p(422, 'This channel cannot be used here', 'Ask the operator which channels are open.'),
  amount_out_of_range: p(422, 'The amount is out of range', 'Amounts are positive and fit into 64 bits of micro-yuan.'),
  amount_not_whole_fen: p(422, 'The channel carries whole fen only', 'Use multiples of 10000 micro-yuan.'),
  currency_not_supported: p(422, 'The currency is not supported', 'Wallets are kept in CNY.'),
  recharge_not_found: p(404, 'There is no such recharge', 'Check the id.'),
  serial_number_invalid: p(422, 'The serial number is not valid', '1 to 128 visible ASCII characters.'),
  booked_at_in_future: p(422, 'No bank has booked that yet', '`booked_at` is more than a day ahead.'),
  payment_not_found: p(404, 'There is no such payment', 'Check the id.'),
  payment_assigned: p(409, 'That payment was given to another account', '`GET /v1/admin/incoming-payments` tells.'),
  payment_of_another_account: p(
    409,
    'The recharge of that payment is of another account',
    'Assign it to the account that began the recharge.',
  ),
  provider_unavailable: r(
    503,
    'The payment provider does not answer',
    'Repeat with the same Idempotency-Key: the recharge is begun once.',
  ),
  webhook_signature_invalid: p(400, 'The signature is not valid', 'Sign the body as it is sent, with a known secret.'),
  webhook_signature_expired: p(400, 'The signature is too old', 'Signatures are good for five minutes.'),
  webhook_signature_in_future: p(400, 'The signature is from the future', 'Set the clock of the sender.'),
  webhook_body_invalid: p(400, 'The body is no event', 'Send the event as JSON.'),
  serial_number_reused: p(409, 'That payment was booked already', 'A channel’s serial number counts once.'),
  bill_line_not_found: p(404, 'There is no such bill line', 'Check the id.'),
  hold_not_found: p(404, 'There is no such hold', 'Check the id.'),
  price_not_found: p(422, 'This has no price', 'Ask the operator; what has no price cannot be bought.'),
  account_suspended: p(
    402,
    'The account is in arrears',
    'Recharge: it is restored at once. GET /v1/standing tells how it stands.',
  ),
  budget_exceeded: p(
    402,
    'A budget has no room for this',
    '`details` names the budget and window, what is missing and when it resets. Raise the limit, or wait.',
  ),
  credit_lot_not_found: p(404, 'There is no such credit lot', 'Check the id.'),
  credit_kind_unknown: p(422, 'There is no such kind of credit', '`promotional` or `compensation`.'),
  priority_out_of_range: p(422, 'The priority is out of range', 'From 1, used first, to 50.'),
  count_out_of_range: p(422, 'A count is out of range', 'The reference names the bounds of each.'),
  applicability_too_long: p(422, 'It applies to too much by name', 'At most 100 products, items or regions.'),
  reason_missing: p(422, 'A reason is needed', 'Say why, in up to 500 characters; a campaign needs a name too.'),
  voucher_code_malformed: p(422, 'This is no voucher code', 'It was mistyped: its last symbol checks the others.'),
  voucher_unknown: p(
    404,
    'There is no such voucher',
    'Check the code. After 10 codes in vain none is taken for an hour.',
  ),
  voucher_not_yet_valid: p(409, 'The voucher is not valid yet', 'Try again from its first day on.'),
  voucher_expired: p(409, 'The voucher has expired', 'Ask whoever gave it to you.'),
  voucher_withdrawn: p(409, 'The voucher was withdrawn', 'Ask whoever gave it to you.'),
  voucher_already_redeemed: p(409, 'The voucher was redeemed by this account', '`GET /v1/credit-lots` shows it.'),
  voucher_used: p(409, 'The voucher was redeemed by another account', 'Ask whoever gave it to you.'),
  voucher_exhausted: p(409, 'The voucher was redeemed as often as it may be', 'Ask whoever gave it to you.'),
  voucher_limit_reached: p(409, 'This account has redeemed as many of them as it may', 'The campaign sets the limit.'),
  voucher_attempts_exceeded: r(
    429,
    'Too many codes were tried in vain',
    'Wait for `details.retry_after_ms`; typing mistakes do not count.',
  ),
  voucher_batch_not_found: p(404, 'There is no such batch of vouchers', 'Check the id.'),
  budget_not_found: p(404, 'There is no such budget', 'Check the id.'),
  budget_changed: p(412, 'The budget is not the one you have read', 'Read it again, then decide again.'),
  budget_name_invalid: p(422, 'The name is not allowed', '1 to 100 characters.'),
  budget_limits_missing: p(422, 'A budget needs a limit', 'At least one of `day`, `week`, `month`, `total`.'),
  budget_scope_invalid: p(422, 'The scope is not valid', '`account` without an id, any other kind with one.'),
  budget_thresholds_invalid: p(422, 'The thresholds are not valid', 'At most 10, ascending, from 1 to 1000 percent.'),
  budget_zone_unknown: p(422, 'The zone is not known', '`Asia/Shanghai`, `UTC` or a fixed offset such as `+05:30`.'),
  too_many_budgets: p(409, 'The account has as many budgets as it can have', 'Delete one.'),
  // Webhooks.
  webhook_endpoint_not_found: p(404, 'There is no such webhook endpoint', 'Check the id.'),
  webhook_delivery_not_found: p(404, 'There is no such delivery', 'Check the id; the log is kept for 30 days.'),
  webhook_endpoint_disabled: p(409, 'The endpoint is disabled', 'Enable it first: PATCH its `status`.'),
  webhook_url_refused: p(
    422,
    'The URL cannot be a webhook endpoint',
    'https, no credentials, and no address of a private network.',
  ),
  too_many_webhook_endpoints: p(409, 'The account has as many endpoints as it can have', 'Delete one.'),
  // Compute.
  job_not_found: p(404, 'There is no such job', 'Check the id.'),
  job_impossible: p(422, 'No cluster could ever run this job', '`details` says why for each cluster.'),
  invalid_job: p(422, 'The job contradicts itself', '`detail` says how.'),
  log_not_found: p(404, 'There is no such log', 'Check task and epoch.'),
  // Workflows.
  definition_not_found: p(404, 'There is no such workflow', 'Check the id.'),
  invalid_definition: p(
    422,
    'The workflow definition is not valid',
    '`details` names each problem by its JSON pointer.',
  ),
  definition_version_exists: p(
    409,
    'This version has other content already',
    'Versions are immutable; raise the version.',
  ),
  run_not_found: p(404, 'There is no such run', 'Check the id.'),
  step_not_found: p(404, 'There is no such step', 'Check the id.'),
  invalid_input: p(422, 'The input does not fit', '`detail` says why.'),
  action_not_allowed: p(409, 'This cannot be done now', '`details` names what is allowed now.'),
  revision_changed: p(409, 'The step has moved on', 'Read it again and decide on its newest revision.'),
  human_task_not_found: p(404, 'There is no such human task', 'Check the id.'),
  already_decided: p(409, 'The task was decided already', '`details` tells how. A decision is taken once.'),
  invalid_decision: p(422, 'The decision does not fit the task', '`detail` says why.'),
  // Hub.
  repository_not_found: p(404, 'There is no such repository', 'Check the id.'),
  repository_exists: p(409, 'There is a repository of that kind and name', 'Names are unique in a workspace and kind.'),
  invalid_name: p(422, 'The name is not allowed', 'Lower-case letters, digits, `-`, `_` and `.`; 1 to 96 characters.'),
  invalid_path: p(422, 'The path is not allowed', 'Relative, no empty or dotted parts.'),
  invalid_upload: p(422, 'The upload does not fit its announcement', '`detail` says how.'),
  upload_not_found: p(404, 'There is no such upload', 'Announce it again; what was uploaded is still there.'),
  invalid_upload_offset: p(400, 'Upload-Offset must be a whole number', 'Ask with HEAD how far the upload is.'),
  upload_too_long: p(413, 'More bytes than were announced', 'Send what is missing, no more.'),
  upload_too_fragmented: p(
    422,
    'The upload came in too many pieces',
    'Announce it again in a day, and send larger pieces.',
  ),
  hash_mismatch: p(422, 'The bytes do not have the announced SHA-256', 'The upload begins again at 0.'),
  upload_offset_mismatch: p(409, 'The upload continues elsewhere', '`Upload-Offset` tells from where to go on.'),
  blob_missing: p(422, 'A file of the commit was not uploaded', 'Upload it, then commit again.'),
  parent_changed: p(409, 'Someone else has committed', 'Read the newest revision, then commit on top of it.'),
  revision_not_found: p(404, 'There is no such revision', 'Check it; `main` is the newest.'),
  file_not_found: p(404, 'There is no such file', 'Check path and revision.'),
  empty_commit: p(422, 'The commit changes nothing', 'Add, replace or delete at least one file.'),
  too_many_files: p(422, 'A revision cannot have so many files', '`details` tells how many it can have.'),
  corpus_not_found: p(404, 'There is no such corpus', 'Check the id.'),
  corpus_exists: p(409, 'There is a corpus of that name', 'Names are unique in a workspace.'),
  corpus_full: p(409, 'The corpus is full', 'Delete documents, or begin another corpus.'),
  document_not_found: p(404, 'There is no such document', 'Check the id.'),
  invalid_document: p(422, 'The document is not allowed', 'UTF-8 text of at most 1 MiB.'),
  invalid_route: p(422, 'The route is not valid', '`detail` says why.'),
  route_unknown: p(404, 'There is no route for this model', 'GET /v1/routes lists them.'),
  // Models.
  model_not_found: p(404, 'There is no such model', 'GET /v1/models lists them.'),
  upstream_failed: r(502, 'The model’s upstream failed', 'Try again; nothing is charged for a failed call.'),
  // Anything else that a service refuses.
  invalid_argument: p(422, 'The request cannot be carried out as it is', '`detail` says why.'),
  not_found: p(404, 'There is no such thing', 'Check the id.'),
  already_exists: p(409, 'It exists already', '`detail` says what.'),
  conflict: p(409, 'Something has changed meanwhile', 'Read again, then decide again.'),
  precondition_failed: p(409, 'This cannot be done in the present state', '`detail` says why.'),
  quota_exhausted: r(429, 'A quota is used up', 'Wait, or free something.'),
  // Ours.
  overloaded: r(503, 'The platform is busy', 'Wait for `Retry-After` seconds.'),
  service_unavailable: r(
    503,
    'A part of the platform is not there now',
    'Wait for `Retry-After` seconds; nothing is lost. With an Idempotency-Key the request can safely be repeated.',
  ),
  deadline_exceeded: r(
    503,
    'The answer took too long',
    'It may have happened: repeat with the same Idempotency-Key to find out.',
  ),
  internal_error: p(500, 'Something broke on our side', 'Tell the operator the `request_id`.'),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
