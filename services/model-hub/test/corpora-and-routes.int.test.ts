import { readGrpcError } from '@suanli/grpc-kit';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelHub } from '../src/service.ts';
import { connect, startHub, startSurroundings, type Surroundings } from './harness.ts';

describe('corpora and routes over the wire', () => {
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
  const createCorpus = async (name: string, as: { token: string }) =>
    (await clients.corpora.createCorpus({ requestId: '', name }, as)).corpus?.corpusId ?? '';
  const put = (corpusId: string, name: string, text: string, as: { token: string }, requestId = '') =>
    clients.corpora.putDocument({ requestId, corpusId, name, text }, as);

  it('a document is found as soon as it was put, in Chinese and English, with its place', async () => {
    const as = await clients.as();
    const corpusId = await createCorpus('facts', as);
    const chinese = '# 算力\n\n上海的算力中心今年开工。😀合肥的算力中心明年开工。';
    await put(corpusId, '算力.md', chinese, as);
    await put(corpusId, 'compute.md', 'The Shanghai centre opened in spring. Hefei follows.', as);
    const { hits } = await clients.corpora.searchCorpus({ corpusId, query: '合肥 开工', limit: 1 }, as);
    expect(hits).toHaveLength(1);
    expect(hits[0]).toMatchObject({ documentName: '算力.md', chunkIndex: 0 });
    expect(Array.from(chinese).slice(hits[0]?.fromChar, hits[0]?.toChar).join('')).toBe(hits[0]?.text);
    const english = await clients.corpora.searchCorpus({ corpusId: 'facts', query: 'HEFEI', limit: 0 }, as);
    expect(english.hits.map((hit) => hit.documentName)).toEqual(['compute.md']);
  });

  it('a whole book of Chinese is indexed within a call, and the same search answers the same', async () => {
    const as = await clients.as();
    const corpusId = await createCorpus('book', as);
    const characters = Array.from({ length: 3_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 6_000)));
    let text = '';
    for (let i = 0; text.length < 300_000; i = (i + 37) % 3_000) text += `${characters.slice(i, i + 30).join('')}。`;
    const { document } = await put(corpusId, 'book.txt', text, as);
    expect(document?.chunkCount).toBeGreaterThan(300);
    const query = characters.slice(74, 80).join('');
    const search = () => clients.corpora.searchCorpus({ corpusId, query, limit: 10 }, as);
    const first = await search();
    expect(first.hits[0]?.text).toContain(query);
    expect(await search()).toEqual(first);
  });

  it('putting a document again replaces it; putting it under one request id twice is one change', async () => {
    const as = await clients.as();
    const corpusId = await createCorpus('replaced', as);
    const first = await put(corpusId, 'a.txt', 'alpha', as, 'r1');
    expect(await put(corpusId, 'a.txt', 'alpha', as, 'r1')).toEqual(first);
    expect(await reasonOf(put(corpusId, 'a.txt', 'other', as, 'r1'))).toBe('REQUEST_ID_REUSED');
    const second = await put(corpusId, 'a.txt', 'beta', as);
    expect(second.document?.documentId).toBe(first.document?.documentId);
    const find = async (query: string) =>
      (await clients.corpora.searchCorpus({ corpusId, query, limit: 5 }, as)).hits.length;
    expect([await find('alpha'), await find('beta')]).toEqual([0, 1]);
    const { documents } = await clients.corpora.listDocuments({ corpusId }, as);
    expect(documents.map((document) => document.name)).toEqual(['a.txt']);
    await clients.corpora.deleteDocument({ corpusId, documentId: documents[0]?.documentId ?? '' }, as);
    expect(await find('beta')).toBe(0);
    const { corpus } = await clients.corpora.getCorpus({ corpusId: 'replaced' }, as);
    expect(corpus).toMatchObject({ documentCount: 0, chunkCount: 0 });
  });

  it('documents put at once are all there', async () => {
    const as = await clients.as();
    const corpusId = await createCorpus('crowd', as);
    const names = Array.from({ length: 12 }, (_, i) => `document-${i}`);
    await Promise.all(names.map((name) => put(corpusId, name, `common text of ${name}`, as)));
    const { hits } = await clients.corpora.searchCorpus({ corpusId, query: 'common', limit: 50 }, as);
    expect(hits).toHaveLength(names.length);
  });

  it.each([
    ['an empty text', '   ', 'INVALID_DOCUMENT'],
    ['a text with NUL', 'a\0b', 'INVALID_DOCUMENT'],
    ['a text of more than 1 MiB', 'x'.repeat(1024 * 1024 + 1), 'INVALID_DOCUMENT'],
  ])('refuses %s', async (_story, text, reason) => {
    const as = await clients.as({ accountId: 'acc_bad' });
    await clients.corpora.createCorpus({ requestId: 'corpus', name: 'bad' }, as);
    expect(await reasonOf(put('bad', 'a.txt', text, as))).toBe(reason);
  });

  it('another tenant’s corpus does not exist, for partners nor through the workflow service', async () => {
    const as = await clients.as();
    const corpusId = await createCorpus('private', as);
    await put(corpusId, 'a.txt', 'secret plans', as);
    const stranger = await clients.as({ workspaceId: 'wsp_2' });
    const reasons = await Promise.all(
      [
        clients.corpora.getCorpus({ corpusId }, stranger),
        clients.corpora.searchCorpus({ corpusId, query: 'secret', limit: 5 }, stranger),
        clients.corpora.listDocuments({ corpusId }, stranger),
        put(corpusId, 'b.txt', 'mine', stranger),
      ].map(reasonOf),
    );
    expect(new Set(reasons)).toEqual(new Set(['CORPUS_NOT_FOUND']));

    const workflow = await clients.internal('workflow');
    const tenant = { accountId: 'acc_1', subAccountId: '', workspaceId: 'wsp_1', principalId: 'run_1' };
    const search = { corpusId, query: 'secret', limit: 5 };
    expect((await workflow.searchForTenant({ tenant, search })).hits).toHaveLength(1);
    const elsewhere = workflow.searchForTenant({ tenant: { ...tenant, workspaceId: 'wsp_2' }, search });
    expect(await reasonOf(elsewhere)).toBe('CORPUS_NOT_FOUND');
    expect(await reasonOf(workflow.searchForTenant({ search }))).toBe('TENANT_MISSING');
    const scheduler = await clients.internal('scheduler');
    expect(await reasonOf(scheduler.searchForTenant({ tenant, search }))).toBe('PEER_FORBIDDEN');
  });

  it('every installation begins with the offline writer, which says that it is no language model', async () => {
    const { routes } = await (await clients.internal('gateway')).snapshotRoutes({});
    const writer = routes.find((route) => route.model === 'offline-writer');
    expect(writer).toMatchObject({ upstream: 'offline-writer', isLanguageModel: false, version: 1n });
    expect(writer?.description).toContain('not a language model');
  });

  it('an operator changes routes, each change is told with the next version; nobody else may', async () => {
    const operator = await clients.as({ accountId: '', workspaceId: '' }, 'operator');
    const route = {
      model: 'qwen3-32b',
      upstream: 'local-vllm',
      upstreamModel: '',
      description: 'Qwen3',
      isLanguageModel: true,
      version: 0n,
    };
    const owner = await clients.as();
    expect(await reasonOf(clients.routes.putRoute({ requestId: '', route }, owner))).toBe('ROLE_FORBIDDEN');
    expect(await reasonOf(clients.routes.deleteRoute({ model: 'offline-writer' }, owner))).toBe('ROLE_FORBIDDEN');

    const stored = await clients.routes.putRoute({ requestId: '', route }, operator);
    expect(stored.route).toMatchObject({ upstreamModel: 'qwen3-32b', version: 1n });
    await clients.routes.putRoute({ requestId: '', route: { ...route, upstream: 'other' } }, operator);
    await clients.routes.deleteRoute({ model: 'qwen3-32b' }, operator);
    expect(await reasonOf(clients.routes.deleteRoute({ model: 'qwen3-32b' }, operator))).toBe('ROUTE_UNKNOWN');
    const listed = await clients.routes.listRoutes({}, owner);
    expect(listed.routes.map((each) => each.model)).not.toContain('qwen3-32b');

    const told = await routeEvents('qwen3-32b', 3);
    expect(told.map((event) => [event['version'], event['upstream'] ?? ''])).toEqual([
      ['1', 'local-vllm'],
      ['2', 'other'],
      ['3', ''],
    ]);
  });

  it('a removed default route stays removed over a restart', async () => {
    const operator = await clients.as({ accountId: '', workspaceId: '' }, 'operator');
    await clients.routes.deleteRoute({ model: 'offline-writer' }, operator);
    await using again = await startHub(around, { REPLICA_ID: 'again' });
    const there = await connect(around, again);
    const { routes } = await there.routes.listRoutes({}, await clients.as());
    expect(routes.map((route) => route.model)).not.toContain('offline-writer');
  });

  async function routeEvents(model: string, count: number): Promise<Record<string, unknown>[]> {
    const events: Record<string, unknown>[] = [];
    const source = { stream: 'modelhub', durable: 'modelhub-test-routes', subject: EVENTS.routeChanged.subject };
    const stop = new AbortController();
    await eventually(async () => {
      for await (const delivery of around.bus.pull({ ...source, buffer: 10, ackWaitMs: 5_000 }, stop.signal)) {
        delivery.ack();
        const data = JSON.parse(Buffer.from(delivery.data).toString()) as Record<string, unknown>;
        if (data['model'] === model) events.push(data);
        if (events.length === count) break;
      }
    });
    stop.abort();
    return events;
  }
});
