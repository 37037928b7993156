import { AccountOpened } from '@suanli/proto/suanli/events/v1/gateway.ts';
import { WorkloadFenced } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import type { Fence } from '../../domain/rating/fence.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import { readTenant } from '../proto-tenant.ts';

/** A message as the domain takes it, or why it can never be taken. */
export type Read<T> = { kind: 'read'; value: T } | { kind: 'unreadable'; reason: string };

export function readUsage(data: unknown): Read<Usage> {
  const message = parse(UsageRecorded.fromJSON, data);
  if (message === undefined) return unreadable('not a UsageRecorded');
  const { usageId, holdId, sourceKind, sourceId, epoch, costKey, readings, region, item, usageFrom, usageTo, isFinal } =
    message;
  const tenant = readTenant(message.tenant);
  if (tenant === undefined) return unreadable('usage without a tenant');
  if (usageId === '' || sourceKind === '' || sourceId === '') return unreadable('usage without an id or a source');
  if (!Number.isInteger(epoch)) return unreadable('an epoch that is no number');
  if (!isTime(usageFrom) || !isTime(usageTo) || usageTo < usageFrom)
    return unreadable('usage without a window of time');
  if (readings.some((reading) => reading.meter === '')) return unreadable('a reading without a meter');
  const usage: Usage = {
    usageId,
    tenant,
    ...(holdId !== '' && { holdId }),
    source: { kind: sourceKind, id: sourceId, epoch },
    costKey,
    readings,
    region,
    item,
    from: usageFrom.getTime(),
    to: usageTo.getTime(),
    isFinal,
    ...(message.correctsUsageId !== '' && { correctsUsageId: message.correctsUsageId }),
    ...(message.quoteId !== '' && { quoteId: message.quoteId }),
  };
  return { kind: 'read', value: usage };
}

export function readWorkloadFenced(data: unknown): Read<Fence & { accountId: string }> {
  const message = parse(WorkloadFenced.fromJSON, data);
  if (message === undefined || message.sourceId === '' || message.sourceKind === '') {
    return unreadable('not a WorkloadFenced');
  }
  const { sourceKind, sourceId, epoch, fencedAt } = message;
  const tenant = readTenant(message.tenant);
  if (tenant === undefined || !isTime(fencedAt)) return unreadable('a fence without a tenant or a time');
  const value = { sourceKind, sourceId, epoch, fencedAt: fencedAt.getTime(), accountId: tenant.accountId };
  return { kind: 'read', value };
}

export function readAccountOpened(data: unknown): Read<{ accountId: string }> {
  const message = parse(AccountOpened.fromJSON, data);
  if (message === undefined || message.accountId === '') return unreadable('not an AccountOpened');
  return { kind: 'read', value: { accountId: message.accountId } };
}

/** The generated parsers throw on values of the wrong kind, for example on a quantity that is no whole number. */
function parse<T>(fromJson: (data: unknown) => T, data: unknown): T | undefined {
  try {
    return fromJson(data);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function isTime(value: Date | undefined): value is Date {
  return value !== undefined && !Number.isNaN(value.getTime());
}

function unreadable(reason: string): { kind: 'unreadable'; reason: string } {
  return { kind: 'unreadable', reason };
}
