import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { AccountStore, MemberStore, Queryable, WorkspaceStore } from '../../app/ports.ts';
import { keyset, toPage } from './keyset.ts';
import { toAccount, toMember, toWorkspace } from './mapping.ts';
import { accounts, members, workspaces } from './schema.ts';

export function accountStore(db: Queryable): AccountStore {
  return {
    async insert({ accountId, name, createdAt }) {
      await db.insert(accounts).values({ id: accountId, name, createdAt: new Date(createdAt) });
    },
    async get(accountId) {
      const [row] = await db.select().from(accounts).where(eq(accounts.id, accountId));
      return row && toAccount(row);
    },
    async list(page) {
      const { where, order, limit } = keyset(accounts.createdAt, accounts.id, page);
      const rows = await db
        .select()
        .from(accounts)
        .where(where)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toAccount);
    },
  };
}

export function workspaceStore(db: Queryable): WorkspaceStore {
  return {
    async insert({ workspaceId, accountId, name, createdAt }) {
      const inserted = await db
        .insert(workspaces)
        .values({ id: workspaceId, accountId, name, createdAt: new Date(createdAt) })
        .onConflictDoNothing({ target: [workspaces.accountId, workspaces.name] })
        .returning({ id: workspaces.id });
      return inserted.length === 1;
    },
    async get(accountId, workspaceId) {
      const isIt = and(eq(workspaces.accountId, accountId), eq(workspaces.id, workspaceId));
      const [row] = await db.select().from(workspaces).where(isIt);
      return row && toWorkspace(row);
    },
    async list(accountId, page) {
      const { where, order, limit } = keyset(workspaces.createdAt, workspaces.id, page);
      const isOurs = and(eq(workspaces.accountId, accountId), where);
      const rows = await db
        .select()
        .from(workspaces)
        .where(isOurs)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toWorkspace);
    },
  };
}

/** Removed members are kept for the records that name them, and are found by nobody. */
export function memberStore(db: Queryable): MemberStore {
  const present = (accountId: string, memberId: string) =>
    and(eq(members.accountId, accountId), eq(members.id, memberId), isNull(members.removedAt));
  return {
    async insert({ memberId, accountId, name, email, role, createdAt }) {
      const inserted = await db
        .insert(members)
        .values({ id: memberId, accountId, name, email: email ?? null, role, createdAt: new Date(createdAt) })
        .onConflictDoNothing({ target: [members.accountId, members.email], where: sql`removed_at is null` })
        .returning({ id: members.id });
      return inserted.length === 1;
    },
    async get(accountId, memberId) {
      const [row] = await db.select().from(members).where(present(accountId, memberId));
      return row && toMember(row);
    },
    async list(accountId, page) {
      const { where, order, limit } = keyset(members.createdAt, members.id, page);
      const isOurs = and(eq(members.accountId, accountId), isNull(members.removedAt), where);
      const rows = await db
        .select()
        .from(members)
        .where(isOurs)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toMember);
    },
    async lockOwners(accountId) {
      const isOwner = and(eq(members.accountId, accountId), eq(members.role, 'owner'), isNull(members.removedAt));
      const rows = await db
        .select({ id: members.id })
        .from(members)
        .where(isOwner)
        .orderBy(asc(members.id))
        .for('update');
      return rows.map((row) => row.id);
    },
    async setRole(accountId, memberId, role) {
      await db.update(members).set({ role }).where(present(accountId, memberId));
    },
    async remove(accountId, memberId, at) {
      await db
        .update(members)
        .set({ removedAt: new Date(at) })
        .where(present(accountId, memberId));
    },
  };
}
