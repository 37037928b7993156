import { type GrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { invariant } from '@suanli/kernel';
import type { QuoteDeskServiceService } from '@suanli/proto/suanli/billing/internal/v1/quote.ts';
import type { QuoteRefusal, Quotes } from '../../../app/ports.ts';
import { toProtoTenant } from '../job-mapping.ts';

const REFUSALS: readonly string[] = [
  'QUOTE_NOT_FOUND',
  'QUOTE_OF_OTHER_TENANT',
  'QUOTE_EXPIRED',
] satisfies QuoteRefusal[];

/** Quotes over gRPC. A quote that was made and lost on the way promises nothing to anybody. */
export function quoteClient(desk: GrpcClient<QuoteDeskServiceService>): Quotes {
  const retrying = { retryUnavailable: { attempts: 2 } };
  return {
    async create({ tenant, lines, holdMicros, expectedMicros }) {
      const ask = { tenant: toProtoTenant(tenant), lines: [...lines], holdMicros, expectedMicros };
      const { quote } = await desk.createQuote(ask, retrying);
      invariant(quote?.validUntil !== undefined, 'billing answers with a quote');
      return { ...quote, validUntil: quote.validUntil.getTime() };
    },
    async check(tenant, quoteId) {
      try {
        await desk.checkQuote({ tenant: toProtoTenant(tenant), quoteId }, retrying);
        return undefined;
      } catch (error) {
        const { reason = '' } = readGrpcError(error);
        if (REFUSALS.includes(reason)) return reason as QuoteRefusal;
        throw error;
      }
    },
  };
}
