import type { CallContext } from '@suanli/kernel';
import { hashBody } from '@suanli/postgres';
import { done, type Outcome, type Refusal, refused } from '../domain/refusal.ts';
import type { HubStores, UnitOfWork } from './ports.ts';

/**
 * Runs a command in one unit of work and, when it carries a request id, once: same id + same body = same answer. A
 * refusal undoes everything, so that the same id may be tried again when its cause is gone. Answers are plain JSON.
 */
export async function runCommand<A>(
  deps: { work: UnitOfWork },
  ctx: CallContext,
  command: { name: string; body: unknown },
  effect: (stores: HubStores) => Promise<Outcome<A>>,
): Promise<Outcome<A>> {
  const { accountId, workspaceId } = ctx.tenant;
  const { requestId } = ctx;
  try {
    return await deps.work(async (stores) => {
      const decide = async () => valueOrUndo(await effect(stores));
      if (requestId === undefined) return done(await decide());
      const scope = `${accountId}/${workspaceId}/${command.name}`;
      const key = { scope, requestId, bodyHash: hashBody(command.body) };
      const remembered = await stores.requests.once(key, decide);
      return remembered.kind === 'conflict' ? refused({ reason: 'request_id_reused' }) : done(remembered.answer);
    });
  } catch (error) {
    if (error instanceof Undo) return refused(error.refusal);
    throw error;
  }
}

/** Carries a refusal out of the unit of work, past its rollback; never leaves this file. */
class Undo extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

function valueOrUndo<A>(outcome: Outcome<A>): A {
  if (outcome.kind === 'refused') throw new Undo(outcome.refusal);
  return outcome.value;
}
