import { CURRENCY, type Micros, type TenantPath } from '@suanli/kernel';
import type { Quote, Quoted, UsageLine } from '../../domain/price/quote.ts';
import type { BillingDeps } from '../ports.ts';
import { quote } from '../prices/quote.ts';

/** How long a quote can be honoured. */
export const QUOTE_VALID_MS = 15 * 60_000;

export type QuoteCommand = {
  tenant: TenantPath;
  lines: readonly UsageLine[];
  /** What the scheduler would hold, which knows how long a workload runs before it is stopped; 0: what the lines cost at most. */
  holdMicros: Micros;
  expectedMicros: Micros;
};
export type QuoteResult = { kind: 'created'; quote: Quote } | Extract<Quoted, { kind: 'refused' }>;

/** Promises the prices of now to an account: workloads submitted until `validUntil` that name the quote are charged at them. */
export async function createQuote(deps: BillingDeps, command: QuoteCommand): Promise<QuoteResult> {
  const quoted = await quote(deps, command.lines, command.tenant.accountId);
  if (quoted.kind === 'refused') return quoted;
  const now = deps.clock.now();
  const created: Quote = {
    id: deps.ids.next('qte'),
    tenant: command.tenant,
    lines: quoted.lines,
    holdMicros: command.holdMicros === 0n ? quoted.totalMicros : command.holdMicros,
    expectedMicros: command.expectedMicros === 0n ? quoted.expectedMicros : command.expectedMicros,
    currency: CURRENCY,
    validUntil: now + QUOTE_VALID_MS,
    createdAt: now,
  };
  await deps.transact((stores) => stores.quotes.insert(created));
  return { kind: 'created', quote: created };
}
