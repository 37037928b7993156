import { type ProblemCode, PROBLEMS } from './catalogue.ts';

/** RFC 9457 with our extensions; what `application/problem+json` answers hold. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  request_id: string;
  retryable: boolean;
  errors?: FieldError[];
  details?: Record<string, string>;
  shortfall_micros?: string;
  currency?: string;
};

/** One wrong field: a JSON pointer into body, query or path. */
export type FieldError = { in: 'body' | 'query' | 'path' | 'headers'; pointer: string; detail: string };

export type ProblemExtras = Pick<Problem, 'errors' | 'details' | 'shortfall_micros' | 'currency'> & {
  headers?: Record<string, string>;
};

/** Thrown by routes and hooks; the error handler of the server turns it into the answer. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;
  constructor(code: ProblemCode, detail?: string, extras: ProblemExtras = {}, cause?: unknown) {
    super(detail ?? PROBLEMS[code].title, { cause });
    this.code = code;
    this.extras = extras;
  }
}

/** `throw problem('job_not_found')`. `detail` is public: figures and names that the caller knows, never causes. */
export function problem(code: ProblemCode, detail?: string, extras?: ProblemExtras): ProblemError {
  return new ProblemError(code, detail, extras);
}

/** The value of an outcome, or the problem that its reason names. */
export function valueOf<Value>(
  outcome: { kind: 'done'; value: Value } | { kind: 'refused'; reason: ProblemCode },
): Value {
  if (outcome.kind === 'refused') throw problem(outcome.reason);
  return outcome.value;
}

export function renderProblem(error: ProblemError, at: { instance: string; requestId: string }): Problem {
  const kind = PROBLEMS[error.code];
  const { headers: _headers, ...extras } = error.extras;
  return {
    type: `/docs/errors#${error.code}`,
    title: kind.title,
    status: kind.status,
    detail: error.message,
    instance: at.instance,
    code: error.code,
    request_id: at.requestId,
    retryable: 'retryable' in kind,
    ...extras,
  };
}
