import { internalHandler, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  QuoteDeskServiceService,
  type QuoteDeskServiceServer,
} from '@suanli/proto/suanli/billing/internal/v1/quote.ts';
import { QuoteServiceService, type QuoteServiceServer } from '@suanli/proto/suanli/billing/v1/price.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { checkQuoteAtSubmit } from '../../../app/quotes/check-quote.ts';
import { createQuote } from '../../../app/quotes/create-quote.ts';
import { quoteRefusal } from '../refusals.ts';
import { requireBatch, requireField, requireTenant } from '../require.ts';
import { quoteMessage } from './messages.ts';
import { quoteCheckRefusal, quoteNotFound } from './refusals.ts';

const MAX_LINES = 200;
const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;

/** Quotes, for those who submit workloads. */
export function quoteDeskService(deps: BillingDeps) {
  const access = internalHandler({ callers: ['scheduler', 'gateway'] });
  const implementation: QuoteDeskServiceServer = {
    createQuote: unary(access, async (_ctx, { tenant, lines, holdMicros, expectedMicros }) => {
      const command = {
        tenant: requireTenant(tenant),
        lines: requireBatch(lines, MAX_LINES),
        holdMicros,
        expectedMicros,
      };
      const result = await createQuote(deps, command);
      return result.kind === 'refused' ? refuse(quoteRefusal(result)) : { quote: quoteMessage(result.quote) };
    }),
    checkQuote: unary(access, async (_ctx, { tenant, quoteId }) => {
      const { accountId } = requireTenant(tenant);
      const result = await checkQuoteAtSubmit(deps, { quoteId: requireField('quote_id', quoteId), accountId });
      if (result.kind === 'refused') return refuse(quoteCheckRefusal(result.reason));
      return { validUntil: new Date(result.quote.validUntil) };
    }),
  };
  return { definition: QuoteDeskServiceService, implementation };
}

/** A quote as its account sees it. */
export function quoteService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const implementation: QuoteServiceServer = {
    getQuote: unary(read, async (ctx, { quoteId }) => {
      const quote = await deps.reads.quote(ctx.tenant, quoteId);
      return quote === undefined ? refuse(quoteNotFound) : { quote: quoteMessage(quote) };
    }),
  };
  return { definition: QuoteServiceService, implementation };
}
