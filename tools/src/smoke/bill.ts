import { check, present } from './check.ts';
import type { BillLine, Job, Price } from './rest/views.ts';

/**
 * What a job must cost, reckoned from its public timestamps and the public prices alone: milliseconds × thousandths of
 * a GPU × price, rounded down once for all the time under one price.
 */
export function expectedCharge(job: Job, prices: readonly Price[]): bigint {
  const quantities = new Map<Price, bigint>();
  for (const attempt of job.attempts) {
    const price = priceOf(attempt, prices);
    const ms = attempt.tasks.reduce((sum, task) => sum + runMs(task.started_at, task.finished_at), 0n);
    check(String(ms) === attempt.charged_ms, `${job.id} says charged_ms ${attempt.charged_ms}, its timestamps ${ms}`);
    quantities.set(price, (quantities.get(price) ?? 0n) + ms * BigInt(job.spec.milli_gpus));
  }
  return [...quantities]
    .map(([price, quantity]) => (quantity * BigInt(price.amount_micros)) / BigInt(price.per_quantity))
    .reduce((sum, charge) => sum + charge, 0n);
}

export function sumOf(lines: readonly BillLine[]): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.amount_micros), 0n);
}

function priceOf({ region, sku }: { region: string; sku: string }, prices: readonly Price[]): Price {
  const found = prices.find((price) => price.meter === 'gpu_time' && price.region === region && price.item === sku);
  return present(found, `the price of ${sku} in ${region}`);
}

/** A task that never began ran for nothing. */
function runMs(startedAt: string | undefined, finishedAt: string | undefined): bigint {
  if (startedAt === undefined || finishedAt === undefined) return 0n;
  return BigInt(Date.parse(finishedAt) - Date.parse(startedAt));
}
