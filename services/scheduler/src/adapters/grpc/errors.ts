import { alreadyExists, failedPrecondition, invalidArgument, notFound, refuse, type Refused } from '@suanli/grpc-kit';
import type { Refusal } from '../../app/refusal.ts';

/** The one place where refusals become statuses. */
export function toRefused(refusal: Refusal): Refused {
  const { code, message } = refusal;
  switch (refusal.code) {
    case 'INVALID_JOB':
      return refuse(invalidArgument(code, message, { field: refusal.field }));
    case 'JOB_IMPOSSIBLE':
      return refuse(failedPrecondition(code, message, refusal.clusters));
    case 'INSUFFICIENT_FUNDS':
      return refuse(failedPrecondition(code, message, { missing_micros: refusal.missingMicros, currency: 'CNY' }));
    case 'BUDGET_EXCEEDED': {
      const { missingMicros, details } = refusal;
      return refuse(failedPrecondition(code, message, { ...details, missing_micros: missingMicros }));
    }
    case 'ACCOUNT_SUSPENDED':
    case 'ACCOUNT_FROZEN':
      return refuse(failedPrecondition(code, message));
    case 'QUOTE_NOT_FOUND':
    case 'QUOTE_OF_OTHER_TENANT':
      return refuse(notFound(code, message));
    case 'QUOTE_EXPIRED':
      return refuse(failedPrecondition(code, message));
    case 'REQUEST_ID_REUSED':
      return refuse(alreadyExists(code, message));
    case 'JOB_NOT_FOUND':
      return refuse(notFound(code, message));
  }
}
