import { and, eq, lt, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { PageQuery, Visible } from '../../../app/read-ports.ts';

type TenantColumns = { accountId: PgColumn; subAccountId: PgColumn; workspaceId: PgColumn };

/** A reader sees the rows of its own workspace, and as a sub-account only its own. */
export function sees(visible: Visible, columns: TenantColumns): SQL | undefined {
  return and(
    eq(columns.accountId, visible.accountId),
    eq(columns.workspaceId, visible.workspaceId),
    visible.subAccountId === undefined ? undefined : eq(columns.subAccountId, visible.subAccountId),
  );
}

/** Ids are time-ordered, so the newest come first. */
export function before(id: PgColumn, page: PageQuery): SQL | undefined {
  return page.after === undefined ? undefined : lt(id, page.after);
}
