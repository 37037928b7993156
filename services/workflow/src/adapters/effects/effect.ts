import { readGrpcError } from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/kernel';
import { status } from '@grpc/grpc-js';
import type { EffectOutcome } from '../../app/ports.ts';
import type { Step } from '../../domain/run/step.ts';
import { faults } from '../../domain/run/workflow-error.ts';

export type Effect = { step: Step; tenant: TenantPath; key: string };

export function wireTenant({ accountId, subAccountId = '', workspaceId, principalId }: TenantPath) {
  return { accountId, subAccountId, workspaceId, principalId };
}

/** What a failed call means for the step: the other side said no, or could not answer and may be asked again. */
export function outcomeOf(error: unknown): EffectOutcome {
  const { kind, status: code, reason = '', message, metadata } = readGrpcError(error);
  const isLater = code === status.RESOURCE_EXHAUSTED || (code === status.ABORTED && reason !== 'REQUEST_ID_REUSED');
  if (kind !== 'refused' || isLater) return { kind: 'unavailable', reason: `${reason || kind}: ${message}` };
  if (reason === 'INSUFFICIENT_FUNDS') {
    const figures = Object.entries(metadata).map(([name, value]) => `${name} ${value}`);
    return { kind: 'failed', error: faults.insufficientFunds([message, ...figures].join(', ')) };
  }
  return { kind: 'failed', error: faults.communication(HTTP_STATUS[code] ?? 422, `${reason}: ${message}`) };
}

const HTTP_STATUS: Partial<Record<status, number>> = {
  [status.NOT_FOUND]: 404,
  [status.PERMISSION_DENIED]: 403,
  [status.UNAUTHENTICATED]: 403,
  [status.ALREADY_EXISTS]: 409,
};
