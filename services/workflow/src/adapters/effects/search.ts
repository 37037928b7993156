import type { GrpcClient } from '@suanli/grpc-kit';
import type { HubServiceClient } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import type { EffectOutcome } from '../../app/ports.ts';
import { asText, type JsonObject } from '../../domain/json.ts';
import { type Effect, wireTenant } from './effect.ts';

type Hub = GrpcClient<(typeof HubServiceClient)['service']>;

const SEARCH_DEADLINE_MS = 20_000;

/** retrieve.search: chunks of a corpus, best first. Reads only, so it needs no key. */
export async function searchCorpus(
  hub: Hub,
  { tenant }: Effect,
  given: JsonObject,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const query = asText(given['query']);
  const limit = typeof given['limit'] === 'number' ? given['limit'] : 0;
  const { hits } = await hub.searchForTenant(
    { tenant: wireTenant(tenant), search: { corpusId: asText(given['corpus']), query, limit } },
    { signal, deadlineMs: SEARCH_DEADLINE_MS },
  );
  const found = hits.map((hit) => ({
    document: hit.documentName,
    document_id: hit.documentId,
    chunk: hit.chunkIndex,
    from_char: hit.fromChar,
    to_char: hit.toChar,
    text: hit.text,
    score: hit.score,
  }));
  return { kind: 'done', output: { query, hits: found } };
}
