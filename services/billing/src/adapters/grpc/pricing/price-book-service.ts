import { publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { PriceBookServiceService, type PriceBookServiceServer } from '@suanli/proto/suanli/billing/v1/price.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { publishPrices } from '../../../app/prices/publish-prices.ts';
import { setCommitment } from '../../../app/prices/set-commitment.ts';
import { setDiscount } from '../../../app/prices/set-discount.ts';
import { pageInfo, readPage } from '../page.ts';
import { requireBatch, requireField, requireRequestId } from '../require.ts';
import { priceMessage } from '../to-proto.ts';
import { commitmentMessage, discountMessage, readCommitment, readDiscount, readNewPrice } from './messages.ts';
import { commitmentRefusal, discountRefusal, publishRefusal } from './refusals.ts';

const MAX_PRICES = 200;

/** For operators: what things cost, and for whom. */
export function priceBookService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: ['operator'] });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: ['operator'] });
  const implementation: PriceBookServiceServer = {
    publishPrices: unary(write, async (_ctx, request) => {
      requireRequestId(request.requestId);
      const now = deps.clock.now();
      const prices = requireBatch(request.prices, MAX_PRICES).map((price) => readNewPrice(price, now));
      const result = await publishPrices(deps, prices, request);
      if (result.kind === 'refused') return refuse(publishRefusal(result.refusal));
      return { prices: result.prices.map(priceMessage) };
    }),

    listPriceVersions: unary(read, async (_ctx, { page: asked, meter, region, item }) => {
      const page = await deps.reads.priceVersions({ meter, region, item }, readPage('versions', asked));
      return { prices: page.rows.map(priceMessage), page: pageInfo('versions', page) };
    }),

    setDiscount: unary(write, async (_ctx, request) => {
      requireRequestId(request.requestId);
      const result = await setDiscount(deps, readDiscount(request.discount, deps.clock.now()), request);
      if (result.kind === 'refused') return refuse(discountRefusal(result.refusal));
      return { discount: discountMessage(result.discount) };
    }),

    listDiscounts: unary(read, async (_ctx, { accountId }) => {
      const discounts = await deps.reads.discounts(requireField('account_id', accountId));
      return { discounts: discounts.map(discountMessage) };
    }),

    setCommitment: unary(write, async (_ctx, request) => {
      requireRequestId(request.requestId);
      const result = await setCommitment(deps, readCommitment(request.commitment), request);
      if (result.kind === 'refused') return refuse(commitmentRefusal(result.refusal));
      return { commitment: commitmentMessage(result.commitment) };
    }),

    listCommitments: unary(read, async (_ctx, { accountId }) => {
      const commitments = await deps.reads.commitments(requireField('account_id', accountId));
      return { commitments: commitments.map(commitmentMessage) };
    }),
  };
  return { definition: PriceBookServiceService, implementation };
}
