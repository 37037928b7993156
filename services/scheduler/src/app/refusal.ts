/** An expected "no" to a caller. */
export type Refusal =
  | { code: 'INVALID_JOB'; message: string; field: string }
  | { code: 'JOB_IMPOSSIBLE'; message: string; clusters: Record<string, string> }
  | { code: 'INSUFFICIENT_FUNDS'; message: string; missingMicros: bigint }
  | { code: 'ACCOUNT_FROZEN' | 'ACCOUNT_SUSPENDED'; message: string }
  | { code: 'BUDGET_EXCEEDED'; message: string; missingMicros: bigint; details: Record<string, string> }
  | { code: 'QUOTE_NOT_FOUND' | 'QUOTE_OF_OTHER_TENANT' | 'QUOTE_EXPIRED'; message: string }
  | { code: 'REQUEST_ID_REUSED'; message: string }
  | { code: 'JOB_NOT_FOUND'; message: string };

export type Answer<T> = { kind: 'ok'; value: T } | { kind: 'refused'; refusal: Refusal };

export const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value });
export const refused = (refusal: Refusal): { kind: 'refused'; refusal: Refusal } => ({ kind: 'refused', refusal });
export const jobNotFound = () => refused({ code: 'JOB_NOT_FOUND', message: 'no such job' });
