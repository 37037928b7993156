import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { type Bus, createConsumer, type EventConsumer, type IncomingEvent, type Verdict } from '@suanli/messaging';
import type { Database, Tx } from '@suanli/postgres';
import { ChargeRated } from '@suanli/proto/suanli/events/v1/billing.ts';
import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { CONSUMERS, type DurableConsumer } from '@suanli/proto/subjects';
import { chargeRated } from '../../app/reactions/charge-rated.ts';
import { jobFinished } from '../../app/reactions/job-finished.ts';
import { createStores } from '../postgres/create-stores.ts';

export type ConsumerDeps = { db: Database; bus: Bus; clock: Clock; ids: IdSource; logger: Logger };

/** Every event that the service follows, by the name of its loop. */
export function workflowConsumers(deps: ConsumerDeps): { name: string; consumer: EventConsumer }[] {
  return [
    consumerOf(deps, CONSUMERS.workflowCharges, (tx, event) => onCharge(deps, tx, event)),
    consumerOf(deps, CONSUMERS.workflowJobs, (tx, event) => onJobFinished(deps, tx, event)),
  ];
}

async function onCharge(deps: ConsumerDeps, tx: Tx, event: IncomingEvent): Promise<Verdict> {
  const charge = read(event, ChargeRated.fromJSON);
  if (charge?.tenant === undefined || charge.usageId === '') return { kind: 'dead', reason: 'no ChargeRated' };
  const { usageId, billLineId, meter, costKey, amountMicros, tenant } = charge;
  const rated = { usageId, billLineId, meter, costKey, amountMicros, accountId: tenant.accountId };
  await chargeRated(createStores(tx, deps.ids), deps, rated);
  return { kind: 'done' };
}

async function onJobFinished(deps: ConsumerDeps, tx: Tx, event: IncomingEvent): Promise<Verdict> {
  const workload = read(event, WorkloadChanged.fromJSON);
  if (workload?.tenant === undefined) return { kind: 'dead', reason: 'no WorkloadChanged' };
  const { externalKey, tenant } = workload;
  await jobFinished(createStores(tx, deps.ids), deps, { externalKey, accountId: tenant.accountId });
  return { kind: 'done' };
}

/** Undefined when the data is not of the message's form. */
function read<T>(event: IncomingEvent, fromJson: (data: unknown) => T): T | undefined {
  if (typeof event.data !== 'object' || event.data === null) return undefined;
  try {
    return fromJson(event.data);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function consumerOf(
  { db, bus, clock, logger }: ConsumerDeps,
  { stream, subject, durable }: DurableConsumer,
  handle: (tx: Tx, event: IncomingEvent) => Promise<Verdict>,
) {
  return { name: durable, consumer: createConsumer({ db, bus, stream, subject, durable, clock, logger, handle }) };
}
