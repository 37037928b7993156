import { invariant } from '@suanli/kernel';
import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/**
 * `insert into … select * from unnest(…)`: one array per column, so that a set of any size is one statement with a fixed
 * number of parameters that the server plans once. A column that any row names is written for all; `undefined` is null, not
 * the column's default. Columns of array types cannot be written this way. The caller appends `on conflict`.
 */
export function insertSet<Table extends PgTable>(table: Table, rows: readonly Table['$inferInsert'][]): SQL {
  invariant(rows.length > 0, 'a set to insert has rows');
  const named = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = Object.entries(getTableColumns(table))
    .filter(([key]) => named.has(key))
    .map(([key, column]) => ({ key, column }));
  const names = columns.map(({ column }) => sql`${sql.identifier(column.name)}`);
  const arrays = columns.map(({ key, column }) => {
    const values = rows.map((row) => {
      const value = (row as Record<string, unknown>)[key] ?? null;
      return value === null ? null : column.mapToDriverValue(value);
    });
    return sql`${sql.param(values)}::${sql.raw(column.getSQLType())}[]`;
  });
  return sql`insert into ${table} (${sql.join(names, sql`, `)}) select * from unnest(${sql.join(arrays, sql`, `)})`;
}

/** `column = any(values)`: one array parameter instead of one parameter per value. */
export function isAnyOf(column: SQL.Aliased | SQL | { getSQL(): SQL }, values: Iterable<string>): SQL {
  return sql`${column} = any(${sql.param([...values])})`;
}
