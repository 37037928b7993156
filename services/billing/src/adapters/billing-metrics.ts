import type { Metrics } from '@suanli/service-kit';
import type { HoldOutcome } from '../app/holds/apply-hold-commands.ts';
import type { RatingOutcome } from '../app/rating/rate-usages.ts';

/** The figures that tell whether money flows as it should. */
export type BillingMetrics = {
  holdCommand(verb: string, outcome: HoldOutcome): void;
  usage(outcome: RatingOutcome): void;
  expired(holds: number): void;
};

export function billingMetrics(metrics: Metrics): BillingMetrics {
  const commands = metrics.counter('suanli_billing_hold_commands_total', 'Commands on holds', ['verb', 'outcome']);
  const usages = metrics.counter('suanli_billing_usage_total', 'Usage events by what became of them', ['outcome']);
  const charged = metrics.counter('suanli_billing_charged_micros_total', 'Micro-yuan charged, by who paid', ['payer']);
  const returned = metrics.counter('suanli_billing_returned_micros_total', 'Micro-yuan given back, by who had paid', [
    'payer',
  ]);
  const expired = metrics.counter(
    'suanli_billing_holds_expired_total',
    'Holds whose time passed before they were closed',
  );
  return {
    holdCommand: (verb, outcome) =>
      commands.inc({ verb, outcome: outcome.kind === 'held' ? 'held' : outcome.refusal.reason }),
    usage(outcome) {
      usages.inc({ outcome: outcome.kind === 'parked' ? outcome.reason : outcome.kind });
      if (outcome.kind !== 'rated') return;
      for (const { charge } of outcome.charges) {
        // A counter never goes down: what a correction takes off has its own.
        const counter = charge.amountMicros < 0n ? returned : charged;
        counter.inc({ payer: 'hold' }, magnitude(charge.heldMicros));
        counter.inc({ payer: 'wallet' }, magnitude(charge.walletMicros));
        counter.inc({ payer: 'platform' }, magnitude(charge.writtenOffMicros));
      }
    },
    expired: (holds) => expired.inc(holds),
  };
}

function magnitude(micros: bigint): number {
  return Number(micros < 0n ? -micros : micros);
}
