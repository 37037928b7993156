import type { Tx } from '@suanli/postgres';
import { and, asc, eq, gt, not } from 'drizzle-orm';
import type { RouteStore } from '../../app/ports.ts';
import type { Route } from '../../domain/route/route.ts';
import { routes } from './schema.ts';

export function routeStore(tx: Tx): RouteStore {
  async function lock(model: string): Promise<Route | undefined> {
    const [row] = await tx.select().from(routes).where(eq(routes.model, model)).for('update');
    return row && toRoute(row);
  }

  return {
    lock,

    async put(route) {
      const row = { ...route, updatedAt: new Date(route.updatedAt) };
      if (route.version > 1) {
        await tx.update(routes).set(row).where(eq(routes.model, route.model));
        return undefined;
      }
      const inserted = await tx.insert(routes).values(row).onConflictDoNothing().returning({ model: routes.model });
      return inserted.length === 1 ? undefined : lock(route.model);
    },

    async list({ limit, after }) {
      const isAfter = after === undefined ? undefined : gt(routes.model, after);
      const rows = await tx
        .select()
        .from(routes)
        .where(and(not(routes.isRemoved), isAfter))
        .orderBy(asc(routes.model))
        .limit(limit);
      return rows.map(toRoute);
    },
  };
}

function toRoute(row: typeof routes.$inferSelect): Route {
  return { ...row, updatedAt: row.updatedAt.getTime() };
}
