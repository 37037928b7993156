import { notFound, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type Standing as StandingMessage,
  StandingServiceService,
  type StandingServiceServer,
} from '@suanli/proto/suanli/billing/v1/standing.ts';
import { setFrozen } from '../../app/arrears/set-frozen.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import { requireField } from './require.ts';

const EVERYONE = ['owner', 'admin', 'developer', 'viewer', 'operator'] as const;

/** How accounts stand; the operator freezes and thaws them. */
export function standingService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: EVERYONE });
  const operate = publicHandler(verifier, { scope: 'billing:write', roles: ['operator'] });
  const answer = (wallet: Wallet | undefined) =>
    wallet === undefined
      ? refuse(notFound('WALLET_NOT_FOUND', 'this account has no wallet'))
      : { standing: standingMessage(wallet) };
  const freeze = (accountId: string, isFrozen: boolean) =>
    setFrozen(deps, requireField('account_id', accountId), isFrozen);
  const implementation: StandingServiceServer = {
    getStanding: unary(read, async (ctx, request) => {
      const accountId = ctx.role === 'operator' ? request.accountId : ctx.tenant.accountId;
      return answer(await deps.reads.wallet(accountId));
    }),
    freezeAccount: unary(operate, async (_ctx, { accountId }) => answer(await freeze(accountId, true))),
    unfreezeAccount: unary(operate, async (_ctx, { accountId }) => answer(await freeze(accountId, false))),
  };
  return { definition: StandingServiceService, implementation };
}

function standingMessage({ accountId, standing, status }: Wallet): StandingMessage {
  const { state, since, nextAt, reason, version } = standing;
  return {
    accountId,
    state,
    since: since === undefined ? undefined : new Date(since),
    nextAt: nextAt === undefined ? undefined : new Date(nextAt),
    reason,
    isFrozen: status === 'frozen',
    version,
  };
}
