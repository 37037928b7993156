import type { CallContext } from '@suanli/kernel';
import type { Json } from '../domain/json.ts';
import type { Stores, Transact } from './ports.ts';
import { Refuse, type Refusal, refused } from './refusal.ts';

export type Done<A> = { kind: 'done'; answer: A };

/** One command in one transaction, once per request id. Its answer is kept: ids of what it made, not copies. */
export async function command<A extends Json>(
  transact: Transact,
  ctx: CallContext,
  what: { name: string; body: Json },
  work: (stores: Stores) => Promise<A>,
): Promise<Done<A> | Refusal> {
  const { requestId, tenant } = ctx;
  try {
    return await transact(async (stores) => {
      if (requestId === undefined || requestId === '') return { kind: 'done' as const, answer: await work(stores) };
      const scope = `${tenant.accountId}/${tenant.workspaceId}/${what.name}`;
      const kept = await stores.requests.once({ scope, requestId, body: what.body }, () => work(stores));
      return kept.kind === 'conflict'
        ? refused({ reason: 'request_id_reused' })
        : { kind: 'done', answer: kept.answer };
    });
  } catch (error) {
    if (error instanceof Refuse) return error.refusal;
    throw error;
  }
}
