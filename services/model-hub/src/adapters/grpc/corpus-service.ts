import { type GrpcService, publicHandler, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { type CorpusServiceServer, CorpusServiceService } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import { createCorpus } from '../../app/corpus/create-corpus.ts';
import { deleteDocument } from '../../app/corpus/delete-document.ts';
import { putDocument } from '../../app/corpus/put-document.ts';
import { getCorpus, listCorpora, listDocuments } from '../../app/corpus/read-corpora.ts';
import { searchCorpus } from '../../app/corpus/search-corpus.ts';
import type { HubDeps } from '../../app/ports.ts';
import type { HubMetrics } from '../hub-metrics.ts';
import { forRequest, readPageAsk, writeCorpus, writeDocument, writePageInfo } from './messages.ts';
import { answer } from './refusals.ts';

export function corpusService(hub: HubDeps, verifier: TokenVerifier, metrics: HubMetrics): GrpcService {
  const read = publicHandler(verifier, { scope: 'hub:read' });
  const write = publicHandler(verifier, { scope: 'hub:write' });

  const implementation: CorpusServiceServer = {
    createCorpus: unary(write, async (ctx, { requestId, name }) =>
      answer(await createCorpus(hub, forRequest(ctx, requestId), { name }), (corpus) => ({
        corpus: writeCorpus(corpus),
      })),
    ),
    getCorpus: unary(read, async (ctx, { corpusId }) =>
      answer(await getCorpus(hub, ctx, corpusId), (corpus) => ({ corpus: writeCorpus(corpus) })),
    ),
    listCorpora: unary(read, async (ctx, { page }) =>
      answer(await listCorpora(hub, ctx, readPageAsk(page)), (found) => ({
        corpora: found.items.map(writeCorpus),
        page: writePageInfo(found),
      })),
    ),
    putDocument: unary(write, async (ctx, { requestId, corpusId, name, text }) =>
      answer(await putDocument(hub, forRequest(ctx, requestId), { corpus: corpusId, name, text }), (document) => ({
        document: writeDocument(document),
      })),
    ),
    listDocuments: unary(read, async (ctx, { corpusId, page }) =>
      answer(await listDocuments(hub, ctx, { ...readPageAsk(page), corpus: corpusId }), (found) => ({
        documents: found.items.map(writeDocument),
        page: writePageInfo(found),
      })),
    ),
    deleteDocument: unary(write, async (ctx, { corpusId, documentId }) =>
      answer(await deleteDocument(hub, ctx, { corpus: corpusId, documentId }), () => ({})),
    ),
    searchCorpus: unary(read, async (ctx, { corpusId, query, limit }) => {
      const search = () => searchCorpus(hub, ctx.tenant, { corpus: corpusId, query, limit });
      return answer(await metrics.timeSearch(search), (hits) => ({ hits }));
    }),
  };
  return { definition: CorpusServiceService, implementation };
}
