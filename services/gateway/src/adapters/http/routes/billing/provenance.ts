import type {
  ChargeProvenance,
  GetProvenanceResponse,
  TransferProvenance,
  UsageProvenance,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import { CURRENCY } from '@suanli/kernel';
import { z } from 'zod';
import { reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { problem } from '../../problems/problem.ts';
import { idParams, instant, int64, micros, noQuery, timeOf } from '../../schemas.ts';
import { discountView, toDiscountView } from './price-views.ts';
import { billLineView, holdView, priceView, toBillLineView, toHoldView, toPriceView } from './views.ts';

const tags = ['billing'];
const steps = z.array(z.string()).meta({ description: 'The arithmetic, to be done again by hand' });

const chargeView = z.object({
  id: z.string(),
  usage_id: z.string(),
  corrects_usage_id: z.string().optional(),
  quote_id: z.string().optional(),
  day: z.string(),
  usage_from: instant.optional(),
  usage_to: instant.optional(),
  quantity: int64,
  base_quantity: int64,
  amount_micros: micros,
  held_micros: micros,
  wallet_micros: micros,
  written_off_micros: micros,
  write_off_reason: z.string().optional(),
  steps,
});
const usageView = z.object({
  usage_id: z.string(),
  source: z.object({ kind: z.string(), id: z.string(), epoch: z.number() }),
  usage_from: instant.optional(),
  usage_to: instant.optional(),
  readings: z.array(z.object({ meter: z.string(), quantity: int64 })),
  hold_id: z.string().optional(),
  quote_id: z.string().optional(),
  corrects_usage_id: z.string().optional(),
});
const transferView = z.object({
  id: z.string(),
  kind: z.string(),
  code: z.string(),
  from_account_id: z.string(),
  to_account_id: z.string(),
  amount_micros: micros,
  hold_id: z.string().optional(),
  lots: z.array(z.object({ lot_id: z.string(), amount_micros: micros })),
  created_at: instant.optional(),
});
const provenanceView = z.object({
  line: billLineView,
  price: priceView,
  discount: discountView.optional(),
  steps,
  charges: z.array(chargeView),
  usages: z.array(usageView),
  holds: z.array(holdView),
  transfers: z.array(transferView),
  replay: z.object({ amount_micros: micros, equal: z.boolean(), partial: z.boolean() }),
});

/** Why a line of the bill is what it is. */
export const provenanceRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/bill-lines/:id/provenance',
    {
      schema: {
        tags,
        summary: 'Events, price, hold, transfers and arithmetic of one line, recomputed',
        params: idParams,
        querystring: noQuery,
        response: { 200: provenanceView },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { billLineId: request.params.id };
      return toProvenanceView(await deps.services.provenance.getProvenance(wish, await reading(deps, request)));
    },
  );
};

function toProvenanceView(answer: GetProvenanceResponse): z.infer<typeof provenanceView> {
  const { line, price, discount, replay } = answer;
  if (line === undefined || price === undefined || replay === undefined) throw problem('bill_line_not_found');
  return {
    line: toBillLineView(line),
    price: toPriceView(price),
    ...(discount !== undefined && { discount: toDiscountView(discount) }),
    steps: answer.steps,
    charges: answer.charges.map(toChargeView),
    usages: answer.usages.map(toUsageView),
    holds: answer.holds.map((hold) => toHoldView(hold, CURRENCY)),
    transfers: answer.transfers.map(toTransferView),
    replay: { amount_micros: String(replay.amountMicros), equal: replay.equal, partial: replay.partial },
  };
}

const toChargeView = (charge: ChargeProvenance): z.infer<typeof chargeView> => ({
  id: charge.chargeId,
  usage_id: charge.usageId,
  corrects_usage_id: named(charge.correctsUsageId),
  quote_id: named(charge.quoteId),
  day: charge.day,
  usage_from: timeOf(charge.usageFrom),
  usage_to: timeOf(charge.usageTo),
  quantity: String(charge.quantity),
  base_quantity: String(charge.baseQuantity),
  amount_micros: String(charge.amountMicros),
  held_micros: String(charge.heldMicros),
  wallet_micros: String(charge.walletMicros),
  written_off_micros: String(charge.writtenOffMicros),
  write_off_reason: named(charge.writeOffReason),
  steps: charge.steps,
});

const toUsageView = (usage: UsageProvenance): z.infer<typeof usageView> => ({
  usage_id: usage.usageId,
  source: { kind: usage.sourceKind, id: usage.sourceId, epoch: usage.epoch },
  usage_from: timeOf(usage.usageFrom),
  usage_to: timeOf(usage.usageTo),
  readings: usage.readings.map(({ meter, quantity }) => ({ meter, quantity: String(quantity) })),
  hold_id: named(usage.holdId),
  quote_id: named(usage.quoteId),
  corrects_usage_id: named(usage.correctsUsageId),
});

const toTransferView = (transfer: TransferProvenance): z.infer<typeof transferView> => ({
  id: transfer.transferId,
  kind: transfer.kind,
  code: transfer.code,
  from_account_id: transfer.fromAccountId,
  to_account_id: transfer.toAccountId,
  amount_micros: String(transfer.amountMicros),
  hold_id: named(transfer.holdId),
  lots: transfer.lots.map(({ lotId, amountMicros }) => ({ lot_id: lotId, amount_micros: String(amountMicros) })),
  created_at: timeOf(transfer.createdAt),
});

const named = (text: string): string | undefined => (text === '' ? undefined : text);
