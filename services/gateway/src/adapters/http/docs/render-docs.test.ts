import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { renderDocs } from './render-docs.ts';

const ROOT = new URL('../../../../../../', import.meta.url);
const docs = await renderDocs();

describe('the documents made from the code', () => {
  it.each(Object.keys(docs))(
    '%s is what the code says; `npm run docs -w services/gateway` writes it anew',
    async (path) => {
      expect(await readFile(new URL(path, ROOT), 'utf8')).toBe(docs[path]);
    },
  );

  it('describe every route with its scope, and answers of every JSON route', () => {
    const { openapi, paths } = JSON.parse(docs['docs/openapi/openapi.json'] ?? '') as OpenApi;
    expect(openapi).toBe('3.1.0');
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
    );
    expect(operations.length).toBeGreaterThan(60);
    expect(operations.filter(({ security, description }) => !security && !description?.includes('Scope: `'))).toEqual(
      [],
    );
    expect(operations.filter(({ summary }) => !summary).map(({ name }) => name)).toEqual([]);
  });
});

type Operation = { summary?: string; description?: string; security?: unknown[] };
type OpenApi = { openapi: string; paths: Record<string, Record<string, Operation>> };
