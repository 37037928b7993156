import { CURRENCY, parseMicros } from '@suanli/kernel';
import type {
  Transfer,
  TransferCommand,
  TransferRefusal,
  TransferResult,
} from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { z } from 'zod';
import { isProblemCode, PROBLEMS } from '../../../problems/catalogue.ts';
import { currency, idParam, instant, micros, timeOf } from '../../../schemas.ts';

const MAX_REFERENCE_CHARS = 200;

export const transferId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -')
  .meta({ description: 'Chosen by the caller: the idempotency key of the order, unique for ever' });

/** Any whole number: what is out of range is the ledger's to refuse, in its order of reasons. */
const amount = z
  .string()
  .refine((text) => parseMicros(text) !== undefined, 'must be a whole number of micro-yuan that fits 64 bits')
  .transform((text) => BigInt(text))
  .meta({ description: 'Micro-yuan: 1 CNY = 1000000', example: '100000000' });

const common = {
  id: transferId,
  currency: z.string().length(3).default(CURRENCY),
  reference: z.string().max(MAX_REFERENCE_CHARS).default('').meta({ description: 'What it is for' }),
};
const account = idParam.meta({ description: 'A wallet (`wlt_…`) or an account of the platform (`platform:…`)' });

export const orderBody = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('post'),
    from_account_id: account,
    to_account_id: account,
    amount_micros: amount,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('pending'),
    from_account_id: account,
    amount_micros: amount,
    timeout_ms: z.int().meta({ description: 'How long the reserve waits: 1 ms to 30 days' }),
  }),
  z.strictObject({ ...common, kind: z.literal('post_pending'), pending_id: transferId, amount_micros: amount }),
  z.strictObject({ ...common, kind: z.literal('void_pending'), pending_id: transferId }),
  z.strictObject({ ...common, kind: z.literal('reversal'), reversal_of: transferId }),
]);
type Order = z.output<typeof orderBody>;

export function toCommand(order: Order): TransferCommand {
  const { id, currency: code, reference } = order;
  return { transferId: id, currency: code, reference, action: toAction(order) };
}

function toAction(order: Order): TransferCommand['action'] {
  switch (order.kind) {
    case 'post': {
      const { from_account_id: fromAccountId, to_account_id: toAccountId, amount_micros: amountMicros } = order;
      return { $case: 'post', value: { fromAccountId, toAccountId, amountMicros } };
    }
    case 'pending': {
      const { from_account_id: fromAccountId, amount_micros: amountMicros, timeout_ms: timeoutMs } = order;
      return { $case: 'pending', value: { fromAccountId, amountMicros, timeoutMs: BigInt(timeoutMs) } };
    }
    case 'post_pending':
      return { $case: 'postPending', value: { pendingId: order.pending_id, amountMicros: order.amount_micros } };
    case 'void_pending':
      return { $case: 'voidPending', value: { pendingId: order.pending_id } };
    case 'reversal':
      return { $case: 'reversal', value: { transferId: order.reversal_of } };
  }
}

export const transferView = z.object({
  id: z.string(),
  kind: z.string(),
  code: z.string().meta({ description: 'Why the money moved: `movement`, `reversal`, `hold`, `charge`, `recharge` …' }),
  from_account_id: z.string(),
  to_account_id: z.string(),
  amount_micros: micros,
  currency,
  pending_id: z.string().optional().meta({ description: 'The reserve that it makes, uses or gives back' }),
  reversal_of: z.string().optional(),
  reference: z.string(),
  created_at: instant.optional(),
});
export const toTransferView = (transfer: Transfer): z.infer<typeof transferView> => ({
  id: transfer.transferId,
  kind: transfer.kind,
  code: transfer.code,
  from_account_id: transfer.fromAccountId,
  to_account_id: transfer.toAccountId,
  amount_micros: String(transfer.amountMicros),
  currency: CURRENCY,
  ...(transfer.pendingId !== '' && { pending_id: transfer.pendingId }),
  ...(transfer.reversalOf !== '' && { reversal_of: transfer.reversalOf }),
  reference: transfer.reference,
  created_at: timeOf(transfer.createdAt),
});

export const resultView = z.object({
  id: z.string(),
  transfer: transferView.optional(),
  existed: z.boolean().optional().meta({ description: 'True when the same order had booked it before' }),
  refusal: z
    .object({ code: z.string(), message: z.string(), missing_micros: micros.optional() })
    .optional()
    .meta({ description: 'In place of a transfer; `code` is one of the error catalogue' }),
});
export function toResultView({ transferId: id, outcome }: TransferResult): z.infer<typeof resultView> {
  switch (outcome?.$case) {
    case 'created':
    case 'exists':
      return { id, transfer: toTransferView(outcome.value), existed: outcome.$case === 'exists' };
    case 'refusal':
      return { id, refusal: toRefusalView(outcome.value) };
    case undefined:
      throw new Error(`billing answered the order ${id} without an outcome`);
  }
}

function toRefusalView({ reason, missingMicros }: TransferRefusal): z.infer<typeof resultView>['refusal'] {
  const message = isProblemCode(reason) ? PROBLEMS[reason].title : reason;
  return { code: reason, message, ...(missingMicros > 0n && { missing_micros: String(missingMicros) }) };
}
