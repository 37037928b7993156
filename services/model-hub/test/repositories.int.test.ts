import { readGrpcError } from '@suanli/grpc-kit';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelHub } from '../src/service.ts';
import { sha256Of } from '../src/testing/build.ts';
import { connect, startHub, startSurroundings, type Surroundings } from './harness.ts';
import { uploadAll } from './transfer.ts';

/** The whole service, as partners and other services reach it. */
describe('repositories over the wire', () => {
  let around: Surroundings;
  let hub: ModelHub;
  let clients: Awaited<ReturnType<typeof connect>>;

  beforeAll(async () => {
    around = await startSurroundings();
    hub = await startHub(around);
    clients = await connect(around, hub);
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await around[Symbol.asyncDispose]();
  });

  const reasonOf = async (call: Promise<unknown>) => {
    const failure = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    return readGrpcError(failure).reason;
  };
  const createRepository = async (name: string, as: { token: string }) => {
    const { repository } = await clients.repositories.createRepository({ requestId: '', kind: 'model', name }, as);
    return repository?.repositoryId ?? '';
  };
  const upload = async (repositoryId: string, content: string, as: { token: string }) => {
    const sha256 = sha256Of(content);
    const sizeBytes = BigInt(Buffer.byteLength(content));
    const grant = await clients.repositories.grantUpload({ repositoryId, sha256, sizeBytes }, as);
    if (!grant.isComplete) await uploadAll(clients.at(grant.url), Buffer.from(content));
    return { sha256, sizeBytes };
  };
  const commit = (repositoryId: string, path: string, blob: { sha256: string; sizeBytes: bigint }, more = {}) => ({
    requestId: '',
    repositoryId,
    message: `add ${path}`,
    files: [{ path, ...blob }],
    deletedPaths: [],
    expectedParent: '',
    ...more,
  });

  it('what is uploaded and committed can be listed and downloaded, byte for byte', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('round-trip', as);
    const content = '{"weights":[1,2,3]}';
    const blob = await upload(repositoryId, content, as);
    const made = await clients.repositories.createCommit(commit(repositoryId, 'model.json', blob), as);
    const revision = made.commit?.revision ?? '';
    expect(revision).toBe(
      sha256Of(`revision 1\nparent \nfile ${blob.sha256} ${content.length} model.json\n\nadd model.json`),
    );

    const byName = await clients.repositories.getRepository({ repositoryId: 'model/round-trip' }, as);
    expect(byName.repository?.headRevision).toBe(revision);
    const listed = await clients.repositories.listFiles({ repositoryId, revision: 'main' }, as);
    expect(listed).toMatchObject({ revision, files: [{ path: 'model.json', ...blob }], page: { hasMore: false } });
    const grant = await clients.repositories.grantDownload({ repositoryId, revision, path: 'model.json' }, as);
    const response = await fetch(clients.at(grant.url));
    expect(response.headers.get('etag')).toBe(`"${blob.sha256}"`);
    expect(await response.text()).toBe(content);
  });

  it('a commit is told on the bus once it is made', async () => {
    const as = await clients.as({ accountId: 'acc_events', subAccountId: 'sac_1' });
    const repositoryId = await createRepository('told', as);
    const blob = await upload(repositoryId, 'told', as);
    const made = await clients.repositories.createCommit(commit(repositoryId, 'a', blob), as);
    const event = await nextEvent(EVENTS.revisionCommitted.subject, (data) => data['repositoryId'] === repositoryId);
    expect(event).toMatchObject({
      kind: 'model',
      revision: made.commit?.revision,
      tenant: { accountId: 'acc_events', subAccountId: 'sac_1', workspaceId: 'wsp_1', principalId: 'usr_1' },
    });
  });

  it('of concurrent commits that expect one parent exactly one wins', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('race', as);
    const blob = await upload(repositoryId, 'race', as);
    const first = await clients.repositories.createCommit(commit(repositoryId, 'base', blob), as);
    const expectedParent = first.commit?.revision ?? '';
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        clients.repositories.createCommit(commit(repositoryId, `file-${i}`, blob, { expectedParent }), as),
      ),
    );
    expect(all.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    const reasons = all.flatMap((each) => (each.status === 'rejected' ? [readGrpcError(each.reason).reason] : []));
    expect(new Set(reasons)).toEqual(new Set(['PARENT_CHANGED']));
    const { commits } = await clients.repositories.listCommits({ repositoryId }, as);
    expect(commits.map((each) => each.parent)).toEqual([expectedParent, '']);
  });

  it('without an expected parent, concurrent commits all land, one after another', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('all-land', as);
    const blob = await upload(repositoryId, 'all land', as);
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        clients.repositories.createCommit(commit(repositoryId, `file-${i}`, blob), as),
      ),
    );
    const { files } = await clients.repositories.listFiles({ repositoryId, revision: 'main' }, as);
    expect(files.map((file) => file.path)).toEqual(['file-0', 'file-1', 'file-2', 'file-3', 'file-4', 'file-5']);
  });

  it('the same request id gives the same commit, another body under it is refused', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('once', as);
    const blob = await upload(repositoryId, 'once', as);
    const request = commit(repositoryId, 'a', blob, { requestId: 'req-1' });
    const [one, two] = await Promise.all([
      clients.repositories.createCommit(request, as),
      clients.repositories.createCommit(request, as),
    ]);
    expect(two).toEqual(one);
    expect((await clients.repositories.listCommits({ repositoryId }, as)).commits).toHaveLength(1);
    const other = clients.repositories.createCommit({ ...request, message: 'other' }, as);
    expect(await reasonOf(other)).toBe('REQUEST_ID_REUSED');
  });

  it('a commit whose blob was missing may be repeated under the same request id', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('later', as);
    const blob = { sha256: sha256Of('later'), sizeBytes: 5n };
    const request = commit(repositoryId, 'a', blob, { requestId: 'req-later' });
    expect(await reasonOf(clients.repositories.createCommit(request, as))).toBe('BLOB_MISSING');
    await upload(repositoryId, 'later', as);
    expect((await clients.repositories.createCommit(request, as)).commit?.fileCount).toBe(1);
  });

  it('another tenant finds, reads, changes and infers nothing', async () => {
    const mine = await clients.as();
    const repositoryId = await createRepository('private', mine);
    const blob = await upload(repositoryId, 'private content', mine);
    await clients.repositories.createCommit(commit(repositoryId, 'secret', blob), mine);
    const strangers = [{ accountId: 'acc_2' }, { workspaceId: 'wsp_2' }];
    for (const stranger of strangers) {
      const as = await clients.as(stranger);
      const { repositories } = clients;
      const reasons = await Promise.all(
        [
          repositories.getRepository({ repositoryId }, as),
          repositories.listFiles({ repositoryId, revision: 'main' }, as),
          repositories.listCommits({ repositoryId }, as),
          repositories.grantDownload({ repositoryId, revision: 'main', path: 'secret' }, as),
          repositories.grantUpload({ repositoryId, ...blob }, as),
          repositories.createCommit(commit(repositoryId, 'mine', blob), as),
        ].map(reasonOf),
      );
      expect(new Set(reasons)).toEqual(new Set(['REPOSITORY_NOT_FOUND']));
    }
    // The hash of a private blob is worth nothing to another account: it must send the bytes itself.
    const thief = await clients.as({ accountId: 'acc_2' });
    const theirs = await createRepository('theft', thief);
    const grant = await clients.repositories.grantUpload({ repositoryId: theirs, ...blob }, thief);
    expect(grant).toMatchObject({ isComplete: false, offsetBytes: 0n });
    const call = clients.repositories.createCommit(commit(theirs, 'stolen', blob), thief);
    expect(await reasonOf(call)).toBe('BLOB_MISSING');
  });

  it('inside an account a blob is sent once', async () => {
    const repositoryId = await createRepository('first', await clients.as());
    const blob = await upload(repositoryId, 'shared inside', await clients.as());
    const sibling = await clients.as({ workspaceId: 'wsp_2' });
    const theirs = await createRepository('second', sibling);
    const grant = await clients.repositories.grantUpload({ repositoryId: theirs, ...blob }, sibling);
    expect(grant.isComplete).toBe(true);
  });

  it.each([
    ['a kind that does not exist', { kind: 'space', name: 'a' }, 'INVALID_NAME'],
    ['a name in capitals', { kind: 'model', name: 'Iris' }, 'INVALID_NAME'],
    ['a name that is taken', { kind: 'model', name: 'taken' }, 'REPOSITORY_EXISTS'],
  ])('refuses %s', async (_story, request, reason) => {
    const as = await clients.as({ accountId: 'acc_names' });
    if (request.name === 'taken') await createRepository('taken', as);
    expect(await reasonOf(clients.repositories.createRepository({ requestId: '', ...request }, as))).toBe(reason);
  });

  it('lists are paged to the end, and a cursor of another list is refused', async () => {
    const as = await clients.as({ accountId: 'acc_pages' });
    for (const name of ['a', 'b', 'c']) await createRepository(name, as);
    const page = (cursor: string) =>
      clients.repositories.listRepositories({ kind: '', page: { limit: 2, cursor } }, as);
    const first = await page('');
    expect(first.page?.hasMore).toBe(true);
    const second = await page(first.page?.nextCursor ?? '');
    expect([...first.repositories, ...second.repositories].map((each) => each.name)).toEqual(['c', 'b', 'a']);
    expect(second.page).toEqual({ hasMore: false, nextCursor: '' });
    const wrong = clients.corpora.listCorpora({ page: { limit: 2, cursor: first.page?.nextCursor ?? '' } }, as);
    expect(await reasonOf(wrong)).toBe('CURSOR_INVALID');
  });

  it('the scheduler resolves a name to a revision for a tenant, and nobody else may ask', async () => {
    const as = await clients.as();
    const repositoryId = await createRepository('mounted', as);
    const scheduler = await clients.internal('scheduler');
    const tenant = { accountId: 'acc_1', subAccountId: '', workspaceId: 'wsp_1', principalId: 'usr_1' };
    const ask = { tenant, repositoryId: 'model/mounted', revision: '' };
    expect(await scheduler.resolveRevision(ask)).toEqual({ repositoryId, revision: '' });
    const blob = await upload(repositoryId, 'mounted', as);
    const made = await clients.repositories.createCommit(commit(repositoryId, 'a', blob), as);
    const revision = made.commit?.revision ?? '';
    expect(await scheduler.resolveRevision({ ...ask, revision: 'main' })).toEqual({ repositoryId, revision });
    const unknown = scheduler.resolveRevision({ ...ask, revision: 'f'.repeat(64) });
    expect(await reasonOf(unknown)).toBe('REVISION_NOT_FOUND');
    const elsewhere = { ...ask, tenant: { ...tenant, accountId: 'acc_2' } };
    expect(await reasonOf(scheduler.resolveRevision(elsewhere))).toBe('REPOSITORY_NOT_FOUND');
    expect(await reasonOf((await clients.internal('billing')).resolveRevision(ask))).toBe('PEER_FORBIDDEN');
  });

  /** The first event of a subject that fits, from the beginning of the stream. */
  async function nextEvent(subject: string, fits: (data: Record<string, unknown>) => boolean) {
    await eventually(() => around.bus.isConnected());
    const stop = new AbortController();
    const source = { stream: 'modelhub', durable: `modelhub-test-${sha256Of(String(fits)).slice(0, 8)}`, subject };
    try {
      for await (const delivery of around.bus.pull({ ...source, buffer: 10, ackWaitMs: 5_000 }, stop.signal)) {
        delivery.ack();
        const data = JSON.parse(Buffer.from(delivery.data).toString()) as Record<string, unknown>;
        if (fits(data)) return data;
      }
    } finally {
      stop.abort();
    }
    throw new Error('the stream ended');
  }
});
