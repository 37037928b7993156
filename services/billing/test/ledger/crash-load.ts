import { createGrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { CURRENCY, type Rng, systemClock } from '@suanli/kernel';
import { HoldServiceClient, PlaceHold } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { LedgerServiceClient } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { aTenant, type Platform, tenantMessage } from '../harness.ts';

const ATTEMPT_MS = 5_000;
const PAUSE_MS = 100;
const GIVE_UP_MS = 300_000;
export const HOLD_MICROS = 100n;
/** ¥8 per million output tokens: 1,000 tokens of a model without a price of its own. */
export const USAGE_MICROS = 8_000n;
const USAGE_TOKENS = 1_000n;
const HOLD_LIFE_MS = 20_000;

export type Tally = { placed: string[]; closed: number; usages: string[]; transfers: number; reversals: number };

/** Callers that never give up: the same request again, to any replica, until it is answered. */
export async function createLoad(platform: Platform, addresses: readonly string[], rng: Rng) {
  await using boot = new AsyncDisposableStack();
  const [scheduler, gateway] = await Promise.all([platform.identity('scheduler'), platform.identity('gateway')]);
  const to = (address: string, tls: typeof gateway) => ({ address, tls, defaultDeadlineMs: ATTEMPT_MS });
  const holds = addresses.map((address) => boot.use(createGrpcClient(HoldServiceClient, to(address, scheduler))));
  const ledgers = addresses.map((address) => boot.use(createGrpcClient(LedgerServiceClient, to(address, gateway))));
  const pick = <T>(of: readonly T[]): T => of[Math.floor(rng.next() * of.length)] as T;
  const tally: Tally = { placed: [], closed: 0, usages: [], transfers: 0, reversals: 0 };
  const owned = boot.move();

  async function placeUseClose(n: number, tenant: ReturnType<typeof aTenant>): Promise<void> {
    const expiresAt = new Date(systemClock.now() + HOLD_LIFE_MS);
    const command = PlaceHold.fromPartial({
      requestId: `place_${n}`,
      tenant: tenantMessage(tenant),
      amountMicros: HOLD_MICROS,
      expiresAt,
      purpose: { kind: 'job', id: `job_${n}`, epoch: 1 },
    });
    const { results } = await untilAnswered(() => pick(holds).placeHolds({ commands: [command] }));
    const outcome = results[0]?.outcome;
    // Nobody answered for so long that its time has passed: nothing was held.
    if (outcome?.$case === 'refusal' && outcome.value.reason === 'expiry_in_past') return;
    if (outcome?.$case !== 'hold') throw new Error(`not held: ${outcome?.value.reason}`);
    const { holdId } = outcome.value;
    tally.placed.push(holdId);
    const usageId = `use_${n}`;
    tally.usages.push(usageId);
    const usage = {
      usageId,
      tenant: tenantMessage(tenant),
      holdId,
      sourceKind: 'inference',
      sourceId: `req_${n}`,
      readings: [{ meter: 'tokens_output', quantity: USAGE_TOKENS }],
      item: 'a-model',
      usageFrom: new Date(systemClock.now()),
      usageTo: new Date(systemClock.now()),
    };
    // Twice, as after a crash of the publisher; the second under another event id.
    await platform.publishUsage('gateway', usage, `evt_${n}`);
    if (n % 3 === 0) await platform.publishUsage('gateway', usage, `evt_again_${n}`);
    // Every fourth is left to expire: its work was lost.
    if (n % 4 === 0) return;
    await untilAnswered(() =>
      pick(holds).closeHolds({ commands: [{ requestId: `close_${n}`, holdId, finalUsageId: usageId }] }),
    );
    tally.closed++;
  }

  /** A payment, and its reversal ordered twice: once it must succeed. */
  async function payAndReverse(n: number, walletId: string): Promise<void> {
    const command = (transferId: string, action: object) => ({
      transferId,
      currency: CURRENCY,
      reference: 'crash',
      action,
    });
    const submit = (order: object) =>
      untilAnswered(() => pick(ledgers).submitTransfer({ command: order as never }, { deadlineMs: ATTEMPT_MS }));
    const post = { fromAccountId: 'platform:write_off', toAccountId: walletId, amountMicros: 5n };
    await submit(command(`pay_${n}`, { $case: 'post', value: post }));
    tally.transfers++;
    const reverse = async (id: string) => {
      try {
        await submit(command(id, { $case: 'reversal', value: { transferId: `pay_${n}` } }));
        return 1;
      } catch (error) {
        if (readGrpcError(error).reason === 'TRANSFER_ALREADY_REVERSED') return 0;
        throw error;
      }
    };
    const done = await Promise.all([reverse(`rev_${n}_a`), reverse(`rev_${n}_b`)]);
    if (done[0] + done[1] !== 1) throw new Error(`payment ${n} was reversed ${done[0] + done[1]} times`);
    tally.reversals++;
  }
  return { tally, placeUseClose, payAndReverse, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const until = systemClock.monotonicMs() + GIVE_UP_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (readGrpcError(error).kind === 'refused' || systemClock.monotonicMs() > until) throw error;
      await systemClock.sleep(PAUSE_MS);
    }
  }
}
