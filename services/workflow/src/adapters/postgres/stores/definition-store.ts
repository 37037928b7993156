import type { Tx } from '@suanli/postgres';
import { and, desc, eq, lt } from 'drizzle-orm';
import type { DefinitionStore, Owner, Page } from '../../../app/ports.ts';
import { ownerColumns, toDefinition } from '../rows.ts';
import { definition } from '../schema.ts';

export function definitionStore(tx: Tx): DefinitionStore {
  const owned = (owner: Owner) =>
    and(eq(definition.accountId, owner.accountId), eq(definition.workspaceId, owner.workspaceId));
  return {
    async insert({ tenant, document, createdAt, ...rest }) {
      const inserted = await tx
        .insert(definition)
        .values({ ...rest, ...ownerColumns(tenant), document: { value: document }, createdAt: new Date(createdAt) })
        .onConflictDoNothing()
        .returning({ id: definition.id });
      return inserted.length === 1;
    },
    async get(owner, id) {
      const [row] = await tx
        .select()
        .from(definition)
        .where(and(eq(definition.id, id), owned(owner)));
      return row && toDefinition(row);
    },
    async findVersion(owner, { namespace, name, version }) {
      const isVersion = and(
        eq(definition.namespace, namespace),
        eq(definition.name, name),
        eq(definition.version, version),
      );
      const [row] = await tx
        .select()
        .from(definition)
        .where(and(owned(owner), isVersion));
      return row && toDefinition(row);
    },
    async list(owner, { limit, before }: Page) {
      const rows = await tx
        .select()
        .from(definition)
        .where(and(owned(owner), before === undefined ? undefined : lt(definition.id, before)))
        .orderBy(desc(definition.id))
        .limit(limit);
      return rows.map(toDefinition);
    },
    async load(id) {
      const [row] = await tx.select().from(definition).where(eq(definition.id, id));
      return row && toDefinition(row);
    },
  };
}
