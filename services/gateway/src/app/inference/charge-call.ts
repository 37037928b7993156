import type { CallContext, Clock, Instant, Logger } from '@suanli/kernel';
import { type Database, isUnavailable, sqlState, type Tx, withTransaction } from '@suanli/postgres';
import type { TokenUsage } from '../../domain/inference/chat.ts';
import { costOf, type TokenPrice } from '../../domain/inference/token-price.ts';
import type { Slice } from './money-leases.ts';
import type { ModelRoute, UsageLog } from './ports.ts';

/** How long a finished call waits for a database that is away. */
export const CHARGE_PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const UNIQUE_VIOLATION = '23505';

export type ChargeDeps = { db: Database; clock: Clock; logger: Logger; usageLog: UsageLog; committed: () => void };

export type ChargedCall = {
  ctx: CallContext;
  route: ModelRoute;
  price: TokenPrice;
  slice: Slice;
  from: Instant;
  usageId: string;
  costKey: string;
};

/** Thrown by what is written together with a charge: both are rolled back, and nothing was used. */
export class ChargeUndone extends Error {
  override name = 'ChargeUndone';
}

/**
 * Records what a call has used, in one transaction with whatever `also` writes, and ends its reservation. Goes on over
 * an outage of the database that ends within CHARGE_PATIENCE_MS. After a longer one the usage is in the log alone, and
 * its money stays reserved until the hold expires, for a lost answer may have hidden a commit.
 */
export async function chargeCall(
  deps: ChargeDeps,
  { ctx, route, price, slice, from, usageId, costKey }: ChargedCall,
  usage: TokenUsage,
  also?: (tx: Tx) => Promise<unknown>,
): Promise<void> {
  const { holdId } = slice;
  const used = { usageId, tenant: ctx.tenant, holdId, model: route.model, costKey, usage, from, to: deps.clock.now() };
  const spent = { micros: costOf(price, usage), usageId };
  const patience = createPatience(deps.clock);
  for (;;) {
    try {
      await withTransaction(deps.db, async (tx) => {
        // First, so that of two at once the second waits here and finds what the first wrote.
        await also?.(tx);
        await deps.usageLog.append(tx, used);
      });
      break;
    } catch (error) {
      if (isPassing(error) && (await patience.pause())) continue;
      slice.settle(patience.wasTried() ? spent : undefined);
      if (!(error instanceof ChargeUndone)) deps.logger.error({ err: error, used }, 'usage of a finished call is lost');
      throw error;
    }
  }
  slice.settle(spent);
  deps.committed();
}

/** Another transaction with the same usage came first: the next try finds its row. */
function isPassing(error: unknown): boolean {
  return isUnavailable(error) || sqlState(error) === UNIQUE_VIOLATION;
}

function createPatience(clock: Clock) {
  const untilMs = clock.monotonicMs() + CHARGE_PATIENCE_MS;
  let pauseMs = 0;
  return {
    wasTried: () => pauseMs > 0,
    /** False when there is no time left. */
    async pause(): Promise<boolean> {
      pauseMs = pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      if (clock.monotonicMs() + pauseMs > untilMs) return false;
      await clock.sleep(pauseMs);
      return true;
    },
  };
}
