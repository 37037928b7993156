import { createHash } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import type { Tx } from './database.ts';
import { requests } from './tables.ts';

export type RequestKey = {
  /** Who asks for what: tenant and command, so that two tenants never share an id. */
  scope: string;
  requestId: string;
  /** `hashBody` of the command. */
  bodyHash: string;
};

export type Remembered<A> = { kind: 'done'; answer: A } | { kind: 'replayed'; answer: A } | { kind: 'conflict' };

/**
 * Runs `effect` once per request id. The row is inserted first, so a concurrent caller with the same id waits for this
 * transaction and then replays its answer. When `effect` throws, the transaction rolls back and the id stays free.
 * The answer must be plain JSON (protobuf-JSON); what is returned is what a replay will return.
 */
export async function rememberRequest<A>(tx: Tx, key: RequestKey, effect: () => Promise<A>): Promise<Remembered<A>> {
  const inserted = await tx
    .insert(requests)
    .values({ scope: key.scope, requestId: key.requestId, bodyHash: key.bodyHash })
    .onConflictDoNothing()
    .returning({ requestId: requests.requestId });
  const isThisRequest = and(eq(requests.scope, key.scope), eq(requests.requestId, key.requestId));
  if (inserted.length === 0) {
    const [before] = await tx.select().from(requests).where(isThisRequest);
    // The row can only be gone when its retention ended between the two statements: as good as another body.
    if (before === undefined || before.bodyHash !== key.bodyHash) return { kind: 'conflict' };
    return { kind: 'replayed', answer: before.answer as A };
  }
  const answer = asJson(await effect());
  await tx.update(requests).set({ answer }).where(isThisRequest);
  return { kind: 'done', answer };
}

function asJson<A>(answer: A): A {
  return answer === undefined ? answer : (JSON.parse(JSON.stringify(answer)) as A);
}

/** SHA-256 of the canonical form of `value`: key order, bigint or string of the same number do not change it. */
export function hashBody(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return JSON.stringify(value.toString());
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
