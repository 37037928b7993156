import type { IdSource } from '@suanli/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Commit, HubStores, UnitOfWork } from '../src/app/ports.ts';
import type { Upload } from '../src/domain/blob/blob.ts';
import { chunkText } from '../src/domain/corpus/chunk-text.ts';
import type { Corpus } from '../src/domain/corpus/corpus.ts';
import { indexTerms, queryTerms } from '../src/domain/corpus/terms.ts';
import type { Owner, Repository } from '../src/domain/repository/repository.ts';
import type { Route } from '../src/domain/route/route.ts';
import { sha256Of } from '../src/testing/build.ts';

const NOW = Date.UTC(2026, 0, 1);

export type StoresUnderTest = { work: UnitOfWork; ids: IdSource } & AsyncDisposable;

/** What every set of stores promises; run on memory and on Postgres. Each test has an account of its own. */
export function storesSuite(name: string, make: () => Promise<StoresUnderTest>): void {
  describe(`HubStores: ${name}`, () => {
    let made: StoresUnderTest;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made[Symbol.asyncDispose]());

    const within = <T>(work: (stores: HubStores) => Promise<T>) => made.work(work);
    const anOwner = (): Owner => ({ accountId: made.ids.next('acc'), workspaceId: 'wsp_1' });
    const aRepository = (owner: Owner, repository: Partial<Repository> = {}): Repository => ({
      repositoryId: made.ids.next('rep'),
      owner,
      kind: 'model',
      name: 'iris',
      principalId: 'usr_1',
      headRevision: '',
      commitCount: 0,
      createdAt: NOW,
      updatedAt: NOW,
      ...repository,
    });
    const aCommit = (repositoryId: string, number: number): Commit => ({
      repositoryId,
      revision: sha256Of(`${repositoryId} ${number}`),
      parent: number === 1 ? '' : sha256Of(`${repositoryId} ${number - 1}`),
      number,
      message: `change ${number}`,
      principalId: 'usr_1',
      fileCount: 2,
      createdAt: NOW + number,
    });
    const aFile = (path: string) => ({ path, sha256: sha256Of(path), sizeBytes: path.length });

    it('a unit of work that throws leaves nothing behind', async () => {
      const owner = anOwner();
      const failing = within(async ({ repositories }) => {
        await repositories.insert(aRepository(owner));
        throw new Error('undo');
      });
      await expect(failing).rejects.toThrow('undo');
      expect(await within((s) => s.repositories.list(owner, {}, { limit: 10 }))).toEqual([]);
    });

    it('a repository’s name is taken once in its workspace and kind, and free elsewhere', async () => {
      const owner = anOwner();
      const first = aRepository(owner);
      const insert = (repository: Repository) => within((s) => s.repositories.insert(repository));
      expect(await insert(first)).toBeUndefined();
      expect(await insert(aRepository(owner))).toEqual(first);
      expect(await insert(aRepository(owner, { kind: 'dataset' }))).toBeUndefined();
      expect(await insert(aRepository({ ...owner, workspaceId: 'wsp_2' }))).toBeUndefined();
      expect(await insert(aRepository(anOwner()))).toBeUndefined();
    });

    it('a repository is found by id and by name, by nobody but its own workspace', async () => {
      const owner = anOwner();
      const repository = aRepository(owner, { subAccountId: 'sac_1' });
      await within((s) => s.repositories.insert(repository));
      const byId = { id: repository.repositoryId };
      expect(await within((s) => s.repositories.find(owner, byId))).toEqual(repository);
      expect(await within((s) => s.repositories.lock(owner, { kind: 'model', name: 'iris' }))).toEqual(repository);
      for (const other of [anOwner(), { ...owner, workspaceId: 'wsp_2' }]) {
        expect(await within((s) => s.repositories.find(other, byId))).toBeUndefined();
        expect(await within((s) => s.repositories.lock(other, byId))).toBeUndefined();
      }
    });

    it('repositories are paged newest first without gap or repetition', async () => {
      const owner = anOwner();
      const all = ['a', 'b', 'c', 'd', 'e'].map((each) => aRepository(owner, { name: each }));
      for (const repository of all) await within((s) => s.repositories.insert(repository));
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await within((s) =>
          s.repositories.list(owner, { kind: 'model' }, { limit: 2, ...(after !== undefined && { after }) }),
        );
        seen.push(...page.map((one) => one.repositoryId));
        if (page.length < 2) break;
        after = page.at(-1)?.repositoryId;
      }
      expect(seen).toEqual(
        all
          .map((one) => one.repositoryId)
          .toSorted()
          .toReversed(),
      );
    });

    it('a commit moves the head, and its files are listed in the order of their bytes', async () => {
      const owner = anOwner();
      const repository = aRepository(owner);
      const { repositoryId } = repository;
      const [first, second] = [aCommit(repositoryId, 1), aCommit(repositoryId, 2)];
      const paths = ['z', 'Z', 'a/b', '数据/文件', '\u{1f600}', '\uffee', 'a'];
      await within(async ({ repositories, commits }) => {
        await repositories.insert(repository);
        await commits.append(owner, first, [aFile('old')]);
        await commits.append(owner, second, paths.map(aFile));
      });
      const head = await within((s) => s.repositories.find(owner, { id: repositoryId }));
      expect(head).toMatchObject({ headRevision: second.revision, commitCount: 2, updatedAt: second.createdAt });
      const bytesOrder = paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const { revision } = second;
      const list = (after?: string) =>
        within((s) =>
          s.commits.listFiles(owner, repositoryId, revision, { limit: 5, ...(after !== undefined && { after }) }),
        );
      const page = await list();
      const rest = await list(page.at(-1)?.path);
      expect([...page, ...rest]).toEqual(bytesOrder.map(aFile));
      expect(await within((s) => s.commits.listFiles(owner, repositoryId, first.revision, { limit: 9 }))).toEqual([
        aFile('old'),
      ]);
      expect(await within((s) => s.commits.list(owner, repositoryId, { limit: 1 }))).toEqual([second]);
      expect(await within((s) => s.commits.list(owner, repositoryId, { limit: 5, after: '2' }))).toEqual([first]);
    });

    it('commits and files are there for their own workspace alone', async () => {
      const owner = anOwner();
      const repository = aRepository(owner);
      const { repositoryId } = repository;
      const commit = aCommit(repositoryId, 1);
      await within(async ({ repositories, commits }) => {
        await repositories.insert(repository);
        await commits.append(owner, commit, [aFile('secret')]);
      });
      const seenBy = (who: Owner) =>
        within(async ({ commits }) => [
          await commits.find(who, repositoryId, commit.revision),
          (await commits.list(who, repositoryId, { limit: 5 }))[0],
          (await commits.listFiles(who, repositoryId, commit.revision, { limit: 5 }))[0],
          await commits.findFile(who, repositoryId, commit.revision, 'secret'),
        ]);
      expect(await seenBy(owner)).toEqual([commit, commit, aFile('secret'), aFile('secret')]);
      const nothing = [undefined, undefined, undefined, undefined];
      expect(await seenBy(anOwner())).toEqual(nothing);
      expect(await seenBy({ ...owner, workspaceId: 'wsp_2' })).toEqual(nothing);
    });

    it('an upload is shared inside an account, is complete once, and tells another account nothing', async () => {
      const [mine, theirs] = [anOwner().accountId, anOwner().accountId];
      const blob = { sha256: sha256Of(mine), sizeBytes: 7 };
      const anUpload = (accountId: string): Upload => ({
        uploadId: made.ids.next('upl'),
        accountId,
        blob,
        state: 'open',
        touchedAt: NOW,
      });
      const first = anUpload(mine);
      const open = (upload: Upload) => within((s) => s.blobs.openUpload(upload));
      expect(await open(first)).toEqual(first);
      expect((await open(anUpload(mine))).uploadId).toBe(first.uploadId);
      expect((await open(anUpload(theirs))).uploadId).not.toBe(first.uploadId);
      expect(await within((s) => s.blobs.touchUpload(theirs, first.uploadId, NOW))).toBeUndefined();

      await within((s) => s.blobs.complete(first, NOW));
      await within((s) => s.blobs.complete(first, NOW));
      expect(await within((s) => s.blobs.find(mine, [blob.sha256, sha256Of('other')]))).toEqual([blob]);
      expect(await within((s) => s.blobs.find(theirs, [blob.sha256]))).toEqual([]);
      expect(await within((s) => s.blobs.touchUpload(mine, first.uploadId, NOW + 5))).toEqual({
        ...first,
        state: 'complete',
        touchedAt: NOW + 5,
      });
      expect(await within((s) => s.blobs.openAmong([first.uploadId, 'upl_none']))).toEqual([]);
    });

    it('only uploads that nobody touched for long are forgotten', async () => {
      const { accountId } = anOwner();
      const anUpload = (touchedAt: number): Upload => {
        const uploadId = made.ids.next('upl');
        return { uploadId, accountId, blob: { sha256: sha256Of(uploadId), sizeBytes: 1 }, state: 'open', touchedAt };
      };
      const old = [anUpload(NOW - 5_000), anUpload(NOW - 6_000), anUpload(NOW - 7_000)];
      const fresh = anUpload(NOW + 1_000);
      for (const upload of [...old, fresh]) await within((s) => s.blobs.openUpload(upload));
      expect(await within((s) => s.blobs.forgetUploads(NOW - 4_000, 2))).toBe(2);
      expect(await within((s) => s.blobs.forgetUploads(NOW - 4_000, 2))).toBe(1);
      const ids = [...old, fresh].map((upload) => upload.uploadId);
      expect(await within((s) => s.blobs.openAmong(ids))).toEqual([fresh.uploadId]);
    });

    it('routes: the first version is stored once, removed ones are not listed', async () => {
      const model = (name: string) => `${name}-${made.ids.next('m')}`;
      const aRoute = (name: string, route: Partial<Route> = {}): Route => ({
        model: name,
        upstream: 'up',
        upstreamModel: 'x',
        description: '',
        isLanguageModel: true,
        version: 1,
        updatedAt: NOW,
        isRemoved: false,
        ...route,
      });
      const [kept, removed] = [model('aaa'), model('bbb')];
      const put = (route: Route) => within((s) => s.routes.put(route));
      expect(await put(aRoute(kept))).toBeUndefined();
      expect(await put(aRoute(kept, { upstream: 'late' }))).toEqual(aRoute(kept));
      expect(await put(aRoute(removed))).toBeUndefined();
      expect(await put(aRoute(removed, { version: 2, isRemoved: true }))).toBeUndefined();
      expect(await within((s) => s.routes.lock(removed))).toEqual(aRoute(removed, { version: 2, isRemoved: true }));
      const listed = await within((s) => s.routes.list({ limit: 1_000 }));
      expect(listed.map((route) => route.model)).toContain(kept);
      expect(listed.map((route) => route.model)).not.toContain(removed);
    });

    it('a request id has one answer, and stays free when its effect failed', async () => {
      const key = { scope: anOwner().accountId, requestId: 'r1', bodyHash: 'h1' };
      const failing = within((s) => s.requests.once(key, () => Promise.reject(new Error('no'))));
      await expect(failing).rejects.toThrow('no');
      const ask = (bodyHash: string, answer: string) =>
        within((s) => s.requests.once({ ...key, bodyHash }, async () => ({ answer })));
      expect(await ask('h1', 'first')).toEqual({ kind: 'done', answer: { answer: 'first' } });
      expect(await ask('h1', 'second')).toEqual({ kind: 'replayed', answer: { answer: 'first' } });
      expect(await ask('h2', 'third')).toEqual({ kind: 'conflict' });
    });

    describe('corpora', () => {
      const texts: Record<string, string> = {
        'great-wall.txt': '万里长城是中国古代的军事防御工程。长城修筑的历史可上溯到西周时期。明朝修筑的长城最长。',
        'rivers.txt': '长江是中国最长的河流。黄河是中国第二长的河流，长江流经上海。',
        'wall.txt': 'The Great Wall of China was built to protect the borders. Most of it is from the Ming dynasty.',
        'gpu.txt': 'A GPU renders graphics. Many GPUs train neural networks. GPU hours are paid by the second.',
      };
      const indexed = (text: string) =>
        chunkText(text, { maxChars: 60, overlapChars: 10, minSectionChars: 10 }).map((chunk) => ({
          ...chunk,
          terms: indexTerms(chunk.text),
        }));
      const aDocument = (name: string, text: string) => {
        const chunks = indexed(text);
        const termCount = chunks.reduce((sum, chunk) => sum + chunk.terms.length, 0);
        const sizes = { sizeBytes: Buffer.byteLength(text), chunkCount: chunks.length, termCount };
        return {
          chunks,
          document: { documentId: made.ids.next('doc'), name, sha256: sha256Of(text), updatedAt: NOW, ...sizes },
        };
      };
      const fill = async (owner: Owner): Promise<Corpus> => {
        const counts = { documentCount: 0, chunkCount: 0, termCount: 0 };
        const corpus = { corpusId: made.ids.next('cor'), owner, name: 'facts', principalId: 'usr_1', createdAt: NOW };
        await within((s) => s.corpora.insert({ ...corpus, ...counts }));
        for (const [name, text] of Object.entries(texts)) {
          const { document, chunks } = aDocument(name, text);
          await within((s) => s.corpora.putDocument(corpus.corpusId, document, chunks));
        }
        const filled = await within((s) => s.corpora.find(owner, 'facts'));
        if (!filled) throw new Error('the corpus is gone');
        return filled;
      };
      const search = (corpus: Corpus, query: string, limit = 3) =>
        within((s) => s.corpora.search(corpus, queryTerms(query), limit));

      it.each([
        ['Chinese', '长城 明朝', 'great-wall.txt', '长城'],
        ['Chinese, a question', '哪条河流经上海？', 'rivers.txt', '上海'],
        ['one character', '河', 'rivers.txt', '河'],
        ['English', 'who built the great wall', 'wall.txt', 'Great Wall'],
        ['English in another case', 'gpu TRAIN', 'gpu.txt', 'train'],
      ])('finds the right passage: %s', async (_story, query, document, passage) => {
        const corpus = await fill(anOwner());
        const [best] = await search(corpus, query);
        expect(best?.documentName).toBe(document);
        expect(best?.text).toContain(passage);
      });

      it('a hit cites its document and the place where its text stands', async () => {
        const corpus = await fill(anOwner());
        for (const hit of await search(corpus, '长城 China GPU', 10)) {
          const text = texts[hit.documentName] ?? '';
          expect(Array.from(text).slice(hit.fromChar, hit.toChar).join('')).toBe(hit.text);
        }
      });

      it('scores are those of BM25, best first', async () => {
        const corpus = await fill(anOwner());
        const hits = await search(corpus, 'gpu great 长江', 20);
        expect(hits.map((hit) => hit.score)).toEqual(hits.map((hit) => hit.score).toSorted((a, b) => b - a));
        expect(hits.map((hit) => [hit.documentName, hit.chunkIndex, hit.score.toFixed(4)])).toMatchInlineSnapshot(`
          [
            [
              "rivers.txt",
              0,
              "1.8226",
            ],
            [
              "wall.txt",
              0,
              "1.7371",
            ],
            [
              "gpu.txt",
              1,
              "1.1986",
            ],
            [
              "gpu.txt",
              0,
              "1.1795",
            ],
          ]
        `);
      });

      it('a document that was replaced or deleted is found no more', async () => {
        const owner = anOwner();
        const corpus = await fill(owner);
        const old = await within((s) => s.corpora.findDocument(corpus.corpusId, { name: 'gpu.txt' }));
        if (!old) throw new Error('no such document');
        const { document, chunks } = aDocument('gpu.txt', 'Now about tensors.');
        const replaced = { ...document, documentId: old.documentId };
        await within((s) => s.corpora.putDocument(corpus.corpusId, replaced, chunks));
        expect(await search(corpus, 'gpu')).toEqual([]);
        expect((await search(corpus, 'tensors')).map((hit) => hit.documentId)).toEqual([old.documentId]);
        await within((s) => s.corpora.deleteDocument(corpus.corpusId, old.documentId));
        expect(await search(corpus, 'tensors')).toEqual([]);
        expect(await within((s) => s.corpora.find(owner, corpus.corpusId))).toMatchObject({ documentCount: 3 });
      });

      it('the counts of a corpus are those of its documents, which are paged by name', async () => {
        const corpus = await fill(anOwner());
        const list = (after?: string) =>
          within((s) => s.corpora.listDocuments(corpus.corpusId, { limit: 3, ...(after !== undefined && { after }) }));
        const page = await list();
        const rest = await list(page.at(-1)?.name);
        const documents = [...page, ...rest];
        expect(documents.map((document) => document.name)).toEqual(Object.keys(texts).toSorted());
        const sum = (of: 'chunkCount' | 'termCount') => documents.reduce((total, each) => total + each[of], 0);
        expect(corpus).toMatchObject({ documentCount: 4, chunkCount: sum('chunkCount'), termCount: sum('termCount') });
      });

      it('a corpus is there for its own workspace alone', async () => {
        const owner = anOwner();
        const corpus = await fill(owner);
        for (const other of [anOwner(), { ...owner, workspaceId: 'wsp_2' }]) {
          expect(await within((s) => s.corpora.find(other, corpus.corpusId))).toBeUndefined();
          expect(await within((s) => s.corpora.lock(other, 'facts'))).toBeUndefined();
          expect(await within((s) => s.corpora.list(other, { limit: 5 }))).toEqual([]);
        }
        const impostor = { ...corpus, owner: anOwner() };
        expect(await search(impostor, 'gpu')).toEqual([]);
      });
    });
  });
}
