import { invariant } from '@suanli/kernel';
import type { BillingDeps, BillingStores } from './ports.ts';

type Refused = { kind: 'refused'; refusal: { reason: string } };
const REUSED = { kind: 'refused', refusal: { reason: 'request_id_reused' } } as const;

/**
 * Runs a command in one transaction, once for its request id: told again, it answers the same; another body under the
 * id is refused. A refusal changes nothing and frees the id.
 */
export async function onceOnly<Result extends { kind: string }>(
  deps: BillingDeps,
  scope: string,
  command: { requestId: string },
  effect: (stores: BillingStores) => Promise<Result>,
): Promise<Result | typeof REUSED> {
  return deps.transact(async (stores) => {
    const { requestId } = command;
    const [claim] = await stores.requests.claim<Result>(scope, [{ requestId, body: command }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return REUSED;
    if (claim.kind === 'replayed') return claim.answer;
    const result = await effect(stores);
    if (isRefused(result)) await stores.requests.forget(scope, [requestId]);
    else await stores.requests.remember(scope, [{ requestId, answer: result }]);
    return result;
  });
}

function isRefused(result: { kind: string }): result is Refused {
  return result.kind === 'refused';
}
