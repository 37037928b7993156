import {
  createGrpcServer,
  failedPrecondition,
  grpcError,
  internalHandler,
  notFound,
  refuse,
  unary,
  unavailable,
} from '@suanli/grpc-kit';
import {
  type CloseHold,
  type HoldResult,
  HoldServiceService,
  type HoldServiceServer,
  type PlaceHold,
  PricingServiceService,
  type PricingServiceServer,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import {
  QuoteDeskServiceService,
  type QuoteDeskServiceServer,
} from '@suanli/proto/suanli/billing/internal/v1/quote.ts';
import { Quote } from '@suanli/proto/suanli/billing/v1/price.ts';
import { Hold } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { silentLogger, type TestTls } from '@suanli/test-kit';

/** ¥3.60 per GPU-hour: 1 micro per 1000 milli-GPU-milliseconds. */
const PRICE = { amountMicros: 3_600_000n, perQuantity: 3_600_000_000n };

export type FakeHold = {
  holdId: string;
  requestId: string;
  accountId: string;
  amountMicros: bigint;
  expiresAt: number;
  status: 'active' | 'closed';
  finalUsageId?: string;
  jobId: string;
  epoch: number;
};

/** A wallet per account and holds on it, idempotent by request id as the real one is. */
export async function startFakeBilling(tls: TestTls) {
  const holds = new Map<string, FakeHold>();
  const bodies = new Map<string, string>();
  const wallets = new Map<string, bigint>();
  const state = {
    isDown: false,
    /** The answer of the next placement is lost after it took effect. */
    loseNextAnswer: false,
    placeCalls: 0,
    prices: new Map<string, bigint>([
      ['gpu.a100-80g', PRICE.amountMicros * 2n],
      ['gpu.l40s-48g', PRICE.amountMicros],
      ['cpu', PRICE.amountMicros / 10n],
    ]),
  };
  const walletOf = (accountId: string) => wallets.get(accountId) ?? 1_000_000_000n;
  const held = (accountId: string) =>
    [...holds.values()]
      .filter((hold) => hold.accountId === accountId && hold.status === 'active')
      .reduce((sum, hold) => sum + hold.amountMicros, 0n);
  const missing = (accountId: string, wantMicros: bigint) => wantMicros - (walletOf(accountId) - held(accountId));
  const access = internalHandler({ callers: ['scheduler'] });
  const down = () => refuse(unavailable('DOWN', 'billing is away'));

  const answer = (requestId: string, hold: FakeHold): HoldResult => ({
    requestId,
    outcome: {
      $case: 'hold',
      value: Hold.fromPartial({ holdId: hold.holdId, status: hold.status, amountMicros: hold.amountMicros }),
    },
  });
  const refusal = (requestId: string, reason: string, missingMicros = 0n): HoldResult => ({
    requestId,
    outcome: { $case: 'refusal', value: { reason, missingMicros, needs: [] } },
  });

  function place(command: PlaceHold): HoldResult {
    const { requestId, amountMicros, tenant, purpose } = command;
    const accountId = tenant?.accountId ?? '';
    const known = [...holds.values()].find((hold) => hold.requestId === requestId);
    const body = `${accountId}/${amountMicros}/${command.expiresAt?.getTime()}`;
    if (known !== undefined && !command.dryRun)
      return bodies.get(requestId) === body ? answer(requestId, known) : refusal(requestId, 'request_id_reused');
    const missingMicros = missing(accountId, amountMicros);
    if (missingMicros > 0n) return refusal(requestId, 'insufficient_funds', missingMicros);
    const hold: FakeHold = {
      holdId: `hld_${holds.size + 1}`,
      requestId,
      accountId,
      amountMicros,
      expiresAt: command.expiresAt?.getTime() ?? 0,
      status: 'active',
      jobId: purpose?.id ?? '',
      epoch: purpose?.epoch ?? 0,
    };
    if (!command.dryRun) {
      holds.set(hold.holdId, hold);
      bodies.set(requestId, body);
    }
    return answer(requestId, hold);
  }

  const close = ({ requestId, holdId, finalUsageId }: CloseHold): HoldResult => {
    const hold = holds.get(holdId);
    if (hold === undefined) return refusal(requestId, 'hold_not_found');
    hold.status = 'closed';
    hold.finalUsageId ??= finalUsageId;
    return answer(requestId, hold);
  };

  const holdService: HoldServiceServer = {
    placeHolds: unary(access, async (_ctx, { commands }) => {
      if (state.isDown) return down();
      if (commands.some((command) => !command.dryRun)) state.placeCalls += 1;
      const results = commands.map(place);
      if (state.loseNextAnswer && commands.some((command) => !command.dryRun)) {
        state.loseNextAnswer = false;
        return refuse(failedPrecondition('ANSWER_LOST', 'the connection broke after the effect'));
      }
      return { results };
    }),
    extendHolds: unary(access, async (_ctx, { commands }) => {
      if (state.isDown) return down();
      return {
        results: commands.map(({ requestId, holdId, amountMicros, expiresAt }) => {
          const hold = holds.get(holdId);
          if (hold?.status !== 'active') return refusal(requestId, 'hold_not_active');
          const missingMicros = missing(hold.accountId, amountMicros - hold.amountMicros);
          if (amountMicros > hold.amountMicros && missingMicros > 0n)
            return refusal(requestId, 'insufficient_funds', missingMicros);
          hold.amountMicros = amountMicros;
          hold.expiresAt = expiresAt?.getTime() ?? 0;
          return answer(requestId, hold);
        }),
      };
    }),
    closeHolds: unary(access, async (_ctx, { commands }) => (state.isDown ? down() : { results: commands.map(close) })),
    getHold: unary(access, () => Promise.reject(grpcError(notFound('HOLD_NOT_FOUND', 'not asked for')))),
  };
  const pricing: PricingServiceServer = {
    quoteUsage: unary(access, async (_ctx, { lines }) => {
      if (state.isDown) return down();
      const [usage] = lines;
      const priceAmountMicros = state.prices.get(usage?.item ?? '');
      if (usage === undefined || priceAmountMicros === undefined)
        return refuse(notFound('PRICE_NOT_FOUND', 'no price'));
      const line = {
        usage,
        priceId: `prc_${usage.item}`,
        priceVersion: 1,
        priceAmountMicros,
        pricePerQuantity: PRICE.perQuantity,
        amountMicros: 1n,
      };
      return { lines: [line], totalMicros: 1n, currency: 'CNY' };
    }),
  };
  const quotes: QuoteDeskServiceServer = {
    createQuote: unary(access, async (_ctx, { holdMicros, expectedMicros }) => {
      const validUntil = new Date(Date.now() + 60_000);
      return { quote: Quote.fromPartial({ quoteId: 'qte_1', holdMicros, expectedMicros, validUntil }) };
    }),
    checkQuote: unary(access, async (_ctx, { quoteId }) => {
      if (quoteId === 'qte_1') return { validUntil: new Date(Date.now() + 60_000) };
      if (quoteId === 'qte_old') return refuse(failedPrecondition('QUOTE_EXPIRED', 'too late'));
      return refuse(notFound('QUOTE_NOT_FOUND', 'no such quote'));
    }),
  };
  const { ca, cert, key } = await tls.issue('billing');
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    tls: { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) },
    services: [
      { definition: HoldServiceService, implementation: holdService },
      { definition: PricingServiceService, implementation: pricing },
      { definition: QuoteDeskServiceService, implementation: quotes },
    ],
    logger: silentLogger,
  });
  const address = `127.0.0.1:${await server.listen()}`;
  return {
    ...{ address, holds, wallets, state },
    active: () => [...holds.values()].filter((hold) => hold.status === 'active'),
    ofJob: (jobId: string) => [...holds.values()].filter((hold) => hold.jobId === jobId),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export type FakeBilling = Awaited<ReturnType<typeof startFakeBilling>>;
