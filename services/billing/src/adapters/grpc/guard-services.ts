import type { GrpcService, TokenVerifier } from '@suanli/grpc-kit';
import type { BillingDeps } from '../../app/ports.ts';
import { budgetService } from './budget-service.ts';
import { standingService } from './standing-service.ts';

/** What keeps spending within bounds, for tenants and the operator. */
export function guardServices(deps: BillingDeps, verifier: TokenVerifier): GrpcService[] {
  return [budgetService(deps, verifier), standingService(deps, verifier)];
}
