import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { KeyStore, Queryable, RevokeWhich } from '../../app/ports.ts';
import type { KeyRecord } from '../../domain/key/decide-key.ts';
import { keyset, toPage } from './keyset.ts';
import { toApiKey } from './mapping.ts';
import { apiKeys, members } from './schema.ts';

export function keyStore(db: Queryable): KeyStore {
  return {
    async insert(key) {
      await db.insert(apiKeys).values({
        id: key.keyId,
        kind: 'api',
        accountId: key.accountId,
        workspaceId: key.workspaceId,
        memberId: key.memberId,
        name: key.name,
        secretSha256: key.secretSha256,
        hint: key.hint,
        scopes: [...key.scopes],
        requestsPerMinute: key.requestsPerMinute,
        createdAt: new Date(key.createdAt),
        createdBy: key.createdBy,
        expiresAt: key.expiresAt === undefined ? null : new Date(key.expiresAt),
      });
    },
    async putJobKey(key) {
      // Two answers to the same attempt must not race: the later one's key is the one that counts.
      await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${key.jobId}/${key.epoch}`}, 0))`);
      const isIt = and(eq(apiKeys.jobId, key.jobId), eq(apiKeys.epoch, key.epoch), eq(apiKeys.kind, 'job'));
      const [before] = await db
        .delete(apiKeys)
        .where(isIt)
        .returning({ keyId: apiKeys.id, accountId: apiKeys.accountId });
      const { keyId, createdAt, expiresAt, scopes, ...rest } = key;
      await db.insert(apiKeys).values({
        ...rest,
        id: keyId,
        kind: 'job',
        scopes: [...scopes],
        createdAt: new Date(createdAt),
        expiresAt: new Date(expiresAt),
      });
      return before ? { replaced: before } : {};
    },
    async findBySecret(secretSha256) {
      const [row] = await db
        .select({ key: apiKeys, role: members.role, removedAt: members.removedAt })
        .from(apiKeys)
        .leftJoin(members, eq(members.id, apiKeys.memberId))
        .where(eq(apiKeys.secretSha256, secretSha256));
      return row && toRecord(row);
    },
    async get(accountId, keyId) {
      const isIt = and(eq(apiKeys.accountId, accountId), eq(apiKeys.id, keyId), eq(apiKeys.kind, 'api'));
      const [row] = await db.select().from(apiKeys).where(isIt);
      return row && toApiKey(row);
    },
    async list(accountId, page) {
      const { where, order, limit } = keyset(apiKeys.createdAt, apiKeys.id, page);
      const isOurs = and(eq(apiKeys.accountId, accountId), eq(apiKeys.kind, 'api'), where);
      const rows = await db
        .select()
        .from(apiKeys)
        .where(isOurs)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toApiKey);
    },
    async revoke(which, at) {
      return db
        .update(apiKeys)
        .set({ revokedAt: new Date(at) })
        .where(and(isMeant(which), isNull(apiKeys.revokedAt)))
        .returning({ keyId: apiKeys.id, accountId: apiKeys.accountId });
    },
    async touch(uses) {
      const ids = [...uses.keys()];
      const times = [...uses.values()].map((at) => new Date(at).toISOString());
      // Ordered by id, so that two replicas never wait for each other's rows.
      await db.execute(sql`
        with used as (
          select k.id, u.at from unnest(${sql.param(ids)}::text[], ${sql.param(times)}::timestamptz[]) as u (id, at)
          join api_keys k on k.id = u.id order by k.id for update of k
        )
        update api_keys set last_used_at = greatest(last_used_at, used.at) from used where api_keys.id = used.id`);
    },
  };
}

function isMeant(which: RevokeWhich): SQL | undefined {
  switch (which.kind) {
    case 'key':
      return and(eq(apiKeys.accountId, which.accountId), eq(apiKeys.id, which.keyId), eq(apiKeys.kind, 'api'));
    case 'member':
      return and(eq(apiKeys.accountId, which.accountId), eq(apiKeys.memberId, which.memberId));
    case 'job':
      return and(eq(apiKeys.jobId, which.jobId), eq(apiKeys.epoch, which.epoch), eq(apiKeys.kind, 'job'));
    default:
      return which satisfies never;
  }
}

type KeyRow = {
  key: typeof apiKeys.$inferSelect;
  role: typeof members.$inferSelect.role | null;
  removedAt: Date | null;
};

/** A job's key acts as a developer: its own scopes bound it further. */
function toRecord({ key, role, removedAt }: KeyRow): KeyRecord {
  return {
    keyId: key.id,
    kind: key.kind,
    accountId: key.accountId,
    workspaceId: key.workspaceId,
    ...(key.memberId !== null && { memberId: key.memberId }),
    role: role ?? 'developer',
    scopes: key.scopes,
    requestsPerMinute: key.requestsPerMinute,
    ...(key.expiresAt && { expiresAt: key.expiresAt.getTime() }),
    ...(key.revokedAt && { revokedAt: key.revokedAt.getTime() }),
    isMemberActive: removedAt === null,
  };
}
