import type { Micros } from '@suanli/kernel';
import type { Deps, Stores } from '../ports.ts';
import { record } from '../record.ts';

export type ChargeRated = {
  usageId: string;
  billLineId: string;
  meter: string;
  costKey: string;
  accountId: string;
  amountMicros: Micros;
};

/** A charge that names a step is part of what the step and its run cost, once, also when the step was replaced. */
export async function chargeRated(stores: Stores, deps: Pick<Deps, 'clock'>, charge: ChargeRated): Promise<void> {
  const found = charge.costKey === '' ? undefined : await stores.steps.find(charge.costKey);
  if (found === undefined) return; // Not of a workflow.
  const run = await stores.runs.lock(found.runId);
  if (run?.tenant.accountId !== charge.accountId) return;
  const { usageId, billLineId, meter, amountMicros } = charge;
  const isNew = await stores.charges.insert({
    usageId,
    billLineId,
    meter,
    stepId: found.id,
    runId: run.id,
    amountMicros,
  });
  if (!isNew || amountMicros === 0n) return;
  await stores.charges.addCost(run.id, found.id, amountMicros);
  const log = record(stores, run, deps.clock);
  log.note('cost_recorded', found.id, { amount_micros: amountMicros.toString(), meter });
  await stores.runs.update(run.id, { sequence: await log.write() });
}
