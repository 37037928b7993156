import type { CallContext } from '@suanli/kernel';
import { hashBody, rememberRequest, type Tx, withTransaction } from '@suanli/postgres';
import { invariant } from '@suanli/kernel';
import type { CommandDeps } from './ports.ts';

/** What a command comes to. `reason` is a code of the error catalogue. */
export type Outcome<Value, Reason extends string> =
  | { kind: 'done'; value: Value }
  | { kind: 'refused'; reason: Reason | 'idempotency_key_reused' };

/** What the body of a command gives: its value, or a reason that undoes everything. */
export type Effect<Value, Reason extends string> = { kind: 'done'; value: Value } | { kind: 'refused'; reason: Reason };

/**
 * Runs a command in one transaction, once per request id: the same id with the same command gives the same answer,
 * also its secret, which is kept sealed. A refusal leaves nothing behind and keeps the id free.
 */
export async function runOnce<Value, Reason extends string>(
  deps: Pick<CommandDeps, 'db' | 'vault'>,
  ctx: CallContext,
  command: { name: string; body: unknown },
  effect: (tx: Tx) => Promise<Effect<Value, Reason>>,
): Promise<Outcome<Value, Reason>> {
  invariant(ctx.requestId !== undefined, `${command.name} needs a request id`);
  const key = {
    scope: `${ctx.tenant.accountId || ctx.tenant.principalId}/${command.name}`,
    requestId: ctx.requestId,
    bodyHash: hashBody(command.body),
  };
  try {
    const remembered = await withTransaction(deps.db, (tx) =>
      rememberRequest(tx, key, async () => {
        const result = await effect(tx);
        if (result.kind === 'refused') throw new RolledBack(result.reason);
        return deps.vault.seal(JSON.stringify(result.value), key.scope);
      }),
    );
    if (remembered.kind === 'conflict') return { kind: 'refused', reason: 'idempotency_key_reused' };
    return { kind: 'done', value: JSON.parse(deps.vault.open(remembered.answer, key.scope)) as Value };
  } catch (error) {
    if (error instanceof RolledBack) return { kind: 'refused', reason: error.reason as Reason };
    throw error;
  }
}

/** Only carries a refusal out of the transaction that it undoes. */
class RolledBack extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
