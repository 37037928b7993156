import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/kernel';
import type { TenantPath as TenantMessage } from '@suanli/proto/suanli/common/v1/common.ts';
import { readTenant } from '../proto-tenant.ts';

const MAX_REQUEST_ID_CHARS = 200;

/** What a message must hold to mean anything; a caller that leaves it out has a bug and is told so. */
export function requireRequestId(requestId: string): string {
  if (requestId === '' || requestId.length > MAX_REQUEST_ID_CHARS) {
    throw grpcError(
      invalidArgument('REQUEST_ID_MISSING', `a request_id of 1 to ${MAX_REQUEST_ID_CHARS} characters is needed`),
    );
  }
  return requestId;
}

export function requireTenant(message: TenantMessage | undefined): TenantPath {
  const tenant = readTenant(message);
  if (tenant === undefined) {
    throw grpcError(invalidArgument('TENANT_MISSING', 'a tenant with account and workspace is needed'));
  }
  return tenant;
}

export function requireTime(name: string, time: Date | undefined): number {
  const ms = time?.getTime() ?? Number.NaN;
  if (Number.isNaN(ms)) throw grpcError(invalidArgument('FIELD_MISSING', `${name} is needed`, { field: name }));
  return ms;
}

export function requireBatch<T>(items: readonly T[], maxSize: number): readonly T[] {
  if (items.length > maxSize) {
    throw grpcError(invalidArgument('BATCH_TOO_LARGE', `at most ${maxSize} at once`, { size: items.length }));
  }
  return items;
}

export function requireField<T>(name: string, value: T | undefined): T {
  if (value === undefined || value === '') {
    throw grpcError(invalidArgument('FIELD_MISSING', `${name} is needed`, { field: name }));
  }
  return value;
}
