import type { CallContext } from '@suanli/kernel';
import {
  aborted,
  failedPrecondition,
  internalHandler,
  invalidArgument,
  notFound,
  onBehalfOf,
  type PeerContext,
  refuse,
  unary,
  unavailable,
} from '@suanli/grpc-kit';
import {
  type CompleteChatRequest,
  type InferenceServiceServer,
  InferenceServiceService,
} from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { answerForService, type ServiceOutcome } from '../../../app/inference/answer-for-service.ts';
import type { InferenceDeps } from '../../../app/inference/open-call.ts';
import { UpstreamFailed } from '../../../app/inference/ports.ts';
import type { ChatBody } from '../../../domain/inference/chat.ts';

/** A long answer of a slow model; the caller's own deadline may be shorter. */
const MAX_ANSWER_MS = 180_000;

const workflow = internalHandler({ callers: ['workflow'] });

/** Model calls on a tenant's behalf, for workflows. */
export function inferenceService(deps: InferenceDeps) {
  const answer = async (peer: PeerContext, request: CompleteChatRequest) => {
    const { tenant, requestId, costKey, messages, model, maxOutputTokens, temperature } = request;
    if (!tenant || requestId === '' || model === '' || messages.length === 0) {
      return refuse(invalidArgument('INVALID_REQUEST', 'tenant, request_id, model and messages are needed'));
    }
    const body: ChatBody = {
      model,
      messages,
      ...(maxOutputTokens > 0 && { max_tokens: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
    };
    const ctx: CallContext & { requestId: string } = { ...onBehalfOf(peer, tenant), requestId };
    try {
      return toResponse(await answerForService(deps, ctx, { body, costKey }));
    } catch (error) {
      if (error instanceof UpstreamFailed) return refuse(unavailable('UPSTREAM_FAILED', error.message));
      throw error;
    }
  };
  const implementation: InferenceServiceServer = {
    completeChat: unary(workflow, answer, { maxDurationMs: MAX_ANSWER_MS }),
  };
  return { definition: InferenceServiceService, implementation };
}

function toResponse(outcome: ServiceOutcome) {
  if (outcome.kind === 'done') return outcome.answer;
  switch (outcome.reason) {
    case 'model_not_found':
      return refuse(notFound('MODEL_NOT_FOUND', 'there is no such model'));
    case 'request_id_reused':
      return refuse(aborted('REQUEST_ID_REUSED', 'the request id was used for another request'));
    case 'insufficient_funds':
      return refuse(
        failedPrecondition('INSUFFICIENT_FUNDS', 'there is not enough money', {
          missing_micros: String(outcome.missingMicros),
        }),
      );
    case 'budget_exceeded': {
      const { missingMicros, budget } = outcome;
      const which = budget && { budget_id: budget.budgetId, window: budget.window };
      const metadata = { missing_micros: String(missingMicros), ...which };
      return refuse(failedPrecondition('BUDGET_EXCEEDED', 'a budget has no room for this call', metadata));
    }
    case 'routes_not_loaded':
      return refuse(unavailable('ROUTES_NOT_LOADED', 'the models are not known yet'));
    case 'price_not_found':
    case 'account_suspended':
    case 'account_frozen':
    case 'wallet_not_found':
    case 'billing_refused':
      return refuse(failedPrecondition(outcome.reason.toUpperCase(), 'the call cannot be paid'));
    default:
      return outcome satisfies never;
  }
}
