import type { IdSource, Logger } from '@suanli/kernel';
import { type Bus, createConsumer, type EventConsumer, type IncomingEvent, type Verdict } from '@suanli/messaging';
import type { Database, Tx } from '@suanli/postgres';
import { CONSUMERS, type DurableConsumer } from '@suanli/proto/subjects';
import type { BillingDeps } from '../../app/ports.ts';
import { onAccountOpened } from '../../app/reactions/on-account-opened.ts';
import { onTimeUnusable } from '../../app/reactions/on-workload-changed.ts';
import { onUsageRecorded } from '../../app/reactions/on-usage-recorded.ts';
import { onWorkloadFenced } from '../../app/reactions/on-workload-fenced.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { createStores } from '../postgres/create-stores.ts';
import { readAccountOpened, readUsage, readWorkloadFenced } from './read-events.ts';
import { readUnusableTime } from './read-unusable-time.ts';

export type ConsumerDeps = {
  billing: BillingDeps;
  db: Database;
  bus: Bus;
  ids: IdSource;
  metrics: BillingMetrics;
  logger: Logger;
  /** After each commit: there are facts to publish. */
  committed: () => void;
};

/** Every event that billing follows, by the name of its loop. */
export function billingConsumers(deps: ConsumerDeps): { name: string; consumer: EventConsumer }[] {
  const usage = (tx: Tx, event: IncomingEvent) => handleUsage(deps, tx, event);
  return [
    consumerOf(deps, CONSUMERS.billingAccounts, (tx, event) => handleAccount(deps, tx, event)),
    consumerOf(deps, CONSUMERS.billingInferenceUsage, usage),
    consumerOf(deps, CONSUMERS.billingComputeUsage, usage),
    consumerOf(deps, CONSUMERS.billingStorageUsage, usage),
    consumerOf(deps, CONSUMERS.billingWorkloads, (tx, event) => handleWorkload(deps, tx, event)),
    consumerOf(deps, CONSUMERS.billingFences, (tx, event) => handleFence(deps, tx, event)),
  ];
}

async function handleAccount({ billing, ids }: ConsumerDeps, tx: Tx, event: IncomingEvent): Promise<Verdict> {
  const opened = readAccountOpened(event.data);
  if (opened.kind === 'unreadable') return { kind: 'dead', reason: opened.reason };
  await onAccountOpened(billing, createStores(tx, ids), opened.value);
  return { kind: 'done' };
}

async function handleFence({ billing, ids, metrics }: ConsumerDeps, tx: Tx, event: IncomingEvent): Promise<Verdict> {
  const fence = readWorkloadFenced(event.data);
  if (fence.kind === 'unreadable') return { kind: 'dead', reason: fence.reason };
  for (const outcome of await onWorkloadFenced(billing, createStores(tx, ids), fence.value)) metrics.usage(outcome);
  return { kind: 'done' };
}

async function handleWorkload({ billing, ids, logger }: ConsumerDeps, tx: Tx, event: IncomingEvent): Promise<Verdict> {
  const told = readUnusableTime(event.data);
  if (told.kind === 'unreadable') return { kind: 'dead', reason: told.reason };
  if (told.value === undefined) return { kind: 'done' };
  const credits = await onTimeUnusable(billing, createStores(tx, ids), told.value);
  for (const { id, source, reason, amountMicros } of credits) {
    logger.info({ creditId: id, source, reason, amountMicros: String(amountMicros) }, 'unusable time given back');
  }
  return { kind: 'done' };
}

async function handleUsage(
  { billing, ids, metrics, logger }: ConsumerDeps,
  tx: Tx,
  event: IncomingEvent,
): Promise<Verdict> {
  const usage = readUsage(event.data);
  if (usage.kind === 'unreadable') return { kind: 'dead', reason: usage.reason };
  const outcome = await onUsageRecorded(billing, createStores(tx, ids), usage.value);
  metrics.usage(outcome);
  const about = { usageId: outcome.usageId, source: usage.value.source, accountId: usage.value.tenant.accountId };
  if (outcome.kind === 'parked') logger.warn({ ...about, reason: outcome.reason }, 'usage parked');
  if (outcome.kind === 'contradiction') return { kind: 'dead', reason: 'this usage id was rated with another fact' };
  return { kind: 'done' };
}

function consumerOf(
  { db, bus, billing, logger, committed }: ConsumerDeps,
  { stream, subject, durable }: DurableConsumer,
  handle: (tx: Tx, event: IncomingEvent) => Promise<Verdict>,
) {
  return {
    name: durable,
    consumer: createConsumer({ db, bus, stream, subject, durable, clock: billing.clock, logger, committed, handle }),
  };
}
