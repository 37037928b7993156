import { publicHandler, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { PriceServiceService, type PriceServiceServer } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { pageInfo, readPage } from '../page.ts';
import { priceMessage } from '../to-proto.ts';

/** What things cost now, for anyone with a token. */
export function priceService(deps: BillingDeps, verifier: TokenVerifier) {
  const implementation: PriceServiceServer = {
    listPrices: unary(publicHandler(verifier, { scope: 'billing:read' }), async (ctx, request) => {
      const page = await deps.reads.pricesAt(deps.clock.now(), ctx.tenant.accountId, readPage('prices', request.page));
      return { prices: page.rows.map(priceMessage), page: pageInfo('prices', page) };
    }),
  };
  return { definition: PriceServiceService, implementation };
}
