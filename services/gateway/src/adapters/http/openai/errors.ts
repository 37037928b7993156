import { toRfc3339 } from '@suanli/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallRefusal } from '../../../app/inference/open-call.ts';
import { type BudgetShortfall, UpstreamFailed } from '../../../app/inference/ports.ts';
import type { ProblemCode } from '../problems/catalogue.ts';
import { problemFromError } from '../problems/from-error.ts';
import { problem, ProblemError, type Problem, renderProblem } from '../problems/problem.ts';
import { pathOf } from '../request-context.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';

/** What the OpenAI clients read; the members of RFC 9457 stand beside it in the same body. */
export type OpenAiError = { error: { message: string; type: string; param: string | null; code: string } };

const NO_MONEY: readonly ProblemCode[] = ['insufficient_funds', 'budget_exceeded', 'account_suspended'];

/** Errors of the OpenAI-compatible routes, in that API's own shape. */
export function handleOpenAiError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = toProblem(error);
  const body = toOpenAiBody(found, request);
  request.problemCode = found.code;
  if (found.code === 'internal_error') request.log.error({ err: found.cause }, 'a model call failed');
  if (body.status === 503) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  if (body.error.code === 'insufficient_quota') reply.header('x-should-retry', 'false');
  reply.headers(found.extras.headers ?? {});
  return reply.code(body.status).header('content-type', 'application/json').send(JSON.stringify(body));
}

export function toOpenAiBody(found: ProblemError, request: FastifyRequest): Problem & OpenAiError {
  const rendered = renderProblem(found, { instance: pathOf(request), requestId: request.id });
  const noMoney = NO_MONEY.includes(rendered.code);
  // Clients of that API know an empty wallet, and a budget that is used up, as 429 insufficient_quota.
  const status = noMoney ? 429 : rendered.status;
  const code = noMoney ? 'insufficient_quota' : rendered.code;
  const [first] = rendered.errors ?? [];
  const param = first === undefined ? null : first.pointer.replace(/^\//, '').replaceAll('/', '.');
  return { ...rendered, status, error: { message: rendered.detail, type: typeOf(status, code), param, code } };
}

export function toProblem(error: unknown): ProblemError {
  if (!(error instanceof UpstreamFailed)) return problemFromError(error);
  const said = error.body?.['error'] as { message?: unknown } | undefined;
  const detail = typeof said?.message === 'string' ? said.message : error.message;
  // What the upstream finds wrong with the request is the caller's to mend; everything else is the upstream's.
  const isCallers = error.status === 400 || error.status === 422;
  return new ProblemError(isCallers ? 'invalid_request' : 'upstream_failed', detail, {}, error);
}

export function refusalProblem(refusal: CallRefusal): ProblemError {
  switch (refusal.reason) {
    case 'insufficient_funds':
      return problem('insufficient_funds', undefined, {
        shortfall_micros: String(refusal.missingMicros),
        currency: 'CNY',
      });
    case 'budget_exceeded':
      return problem('budget_exceeded', undefined, {
        shortfall_micros: String(refusal.missingMicros),
        currency: 'CNY',
        ...(refusal.budget && { details: budgetDetails(refusal.budget) }),
      });
    case 'model_not_found':
    case 'price_not_found':
    case 'account_suspended':
    case 'account_frozen':
    case 'wallet_not_found':
      return problem(refusal.reason);
    case 'billing_refused':
    case 'routes_not_loaded':
      return problem('service_unavailable');
    default:
      return refusal satisfies never;
  }
}

function budgetDetails({ budgetId, window, resetsAt }: BudgetShortfall): Record<string, string> {
  return { budget_id: budgetId, window, ...(resetsAt !== undefined && { resets_at: toRfc3339(resetsAt) }) };
}

function typeOf(status: number, code: string): string {
  if (code === 'insufficient_quota') return 'insufficient_quota';
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
