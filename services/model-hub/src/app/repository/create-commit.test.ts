import { SimClock } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import type { Blob } from '../../domain/blob/blob.ts';
import { aContext, aHub, sha256Of } from '../../testing/build.ts';
import { createCommit } from './create-commit.ts';
import { createRepository } from './create-repository.ts';
import { listCommits, listFiles, resolveRevision } from './read-revisions.ts';

const ctx = aContext();
const aBlob = (content: string): Blob => ({ sha256: sha256Of(content), sizeBytes: content.length });

/** A hub with one repository, whose account has the given blobs. */
async function aHubWith(...contents: string[]) {
  const hub = aHub(new SimClock());
  await createRepository(hub, ctx, { kind: 'dataset', name: 'd' });
  await hub.work(async ({ blobs }) => {
    for (const content of contents) {
      const { accountId } = ctx.tenant;
      await blobs.complete({ uploadId: 'u', accountId, blob: aBlob(content), state: 'open', touchedAt: 0 }, 0);
    }
  });
  return hub;
}
const adding = (path: string, content: string, more = {}) => ({
  repository: 'dataset/d',
  files: [{ path, ...aBlob(content) }],
  deletedPaths: [],
  message: `add ${path}`,
  ...more,
});

it('revisions build on each other, and each keeps its own files', async () => {
  const hub = await aHubWith('one', 'two');
  await createCommit(hub, ctx, adding('a', 'one'));
  const second = await createCommit(hub, ctx, adding('b', 'two', { deletedPaths: ['a'] }));
  const commits = await listCommits(hub, ctx, { repository: 'dataset/d', limit: 0, cursor: '' });
  const [newest, oldest] = commits.kind === 'done' ? commits.value.items : [];
  expect(second).toMatchObject({ value: { revision: newest?.revision, parent: oldest?.revision, number: 2 } });
  const filesAt = async (revision: string) => {
    const files = await listFiles(hub, ctx, { repository: 'dataset/d', revision, limit: 0, cursor: '' });
    return files.kind === 'done' ? files.value.items.map((file) => file.path) : files.refusal.reason;
  };
  expect(await filesAt('main')).toEqual(['b']);
  expect(await filesAt(oldest?.revision ?? '')).toEqual(['a']);
  expect(await filesAt('f'.repeat(64))).toBe('revision_not_found');
});

it('a refused commit leaves nothing: no event, no head, and its request id stays free', async () => {
  const hub = await aHubWith();
  const asked = { ...ctx, requestId: 'r1' };
  expect(await createCommit(hub, asked, adding('a', 'late'))).toMatchObject({ refusal: { reason: 'blob_missing' } });
  expect(hub.events()).toEqual([]);
  await hub.work(({ blobs }) =>
    blobs.complete({ uploadId: 'u', accountId: 'acc_1', blob: aBlob('late'), state: 'open', touchedAt: 0 }, 0),
  );
  const made = await createCommit(hub, asked, adding('a', 'late'));
  expect(made).toMatchObject({ kind: 'done' });
  expect(await createCommit(hub, asked, adding('a', 'late'))).toEqual(made);
  expect(hub.events()).toHaveLength(1);
});

it('an empty repository resolves to no revision, an unknown one to a refusal', async () => {
  const hub = await aHubWith();
  const resolve = (repository: string) => resolveRevision(hub, ctx.tenant, { repository, revision: '' });
  expect(await resolve('dataset/d')).toMatchObject({ value: { revision: '' } });
  for (const unknown of ['dataset/x', 'rep_x', 'd', '', 'model/d', 'space/d']) {
    expect(await resolve(unknown)).toMatchObject({ refusal: { reason: 'repository_not_found' } });
  }
});

it('a page of files never mixes two revisions', async () => {
  const hub = await aHubWith('one');
  for (const path of ['a', 'b', 'c']) await createCommit(hub, ctx, adding(path, 'one'));
  const page = (cursor: string) => listFiles(hub, ctx, { repository: 'dataset/d', revision: 'main', limit: 2, cursor });
  const first = await page('');
  const cursor = first.kind === 'done' ? (first.value.nextCursor ?? '') : '';
  expect(await page(cursor)).toMatchObject({ value: { items: [{ path: 'c' }] } });
  await createCommit(hub, ctx, adding('d', 'one'));
  expect(await page(cursor)).toMatchObject({ refusal: { reason: 'cursor_invalid' } });
});
