import { z } from 'zod';

/** One row of the table of variables in the docs. */
export type EnvRow = {
  key: string;
  meaning: string;
  /** As it would be written; absent when there is none, or when it is computed at start. */
  default?: string;
  required: boolean;
  secret: boolean;
};

/** The variables of a schema, in the order they are written; looks through `.transform(…)` of the whole. */
export function describeEnv(schema: z.ZodType): EnvRow[] {
  return Object.entries(shapeOf(schema)).map(([key, value]) => describeOne(key, value));
}

function shapeOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in);
  throw new Error('an environment schema is a z.object(…), optionally with .transform(…)');
}

function describeOne(key: string, schema: z.core.$ZodType): EnvRow {
  const row: EnvRow = { key, meaning: '', required: true, secret: false };
  for (let layer: z.core.$ZodType | undefined = schema; layer; layer = inner(layer)) {
    const meta = z.globalRegistry.get(layer);
    if (row.meaning === '' && meta?.description !== undefined) row.meaning = meta.description;
    if (meta?.['secret'] === true) row.secret = true;
    if (layer instanceof z.ZodOptional || layer instanceof z.ZodDefault) row.required = false;
    if (layer instanceof z.ZodDefault) writeDefault(row, layer.def.defaultValue);
  }
  if (row.secret) delete row.default;
  return row;
}

function inner(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return schema.unwrap();
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}

/** Only plain values: what is computed at start (a host name) would make the docs differ from machine to machine. */
function writeDefault(row: EnvRow, value: unknown): void {
  if (row.key === 'REPLICA_ID') return;
  if (Array.isArray(value)) row.default = value.join(',');
  else if (typeof value === 'boolean') row.default = value ? '1' : '0';
  else if (typeof value === 'string' || typeof value === 'number') row.default = String(value);
}
