import { and, eq } from 'drizzle-orm';
import type { AuditStore, Queryable } from '../../app/ports.ts';
import { keyset, toPage } from './keyset.ts';
import { toAuditEvent } from './mapping.ts';
import { auditEvents } from './schema.ts';

export function auditStore(db: Queryable): AuditStore {
  return {
    async insert({ auditId, createdAt, ...event }) {
      await db.insert(auditEvents).values({ ...event, id: auditId, createdAt: new Date(createdAt) });
    },
    async finish(auditId, { result, httpStatus, problemCode }) {
      await db
        .update(auditEvents)
        .set({ result, httpStatus, problemCode: problemCode ?? null })
        .where(eq(auditEvents.id, auditId));
    },
    async list(accountId, page) {
      const { where, order, limit } = keyset(auditEvents.createdAt, auditEvents.id, page);
      const isOurs = and(eq(auditEvents.accountId, accountId), where);
      const rows = await db
        .select()
        .from(auditEvents)
        .where(isOurs)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toAuditEvent);
    },
  };
}
