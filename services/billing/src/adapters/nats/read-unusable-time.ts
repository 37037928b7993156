import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { CREDIT_REASONS, type UnusableWindow } from '../../domain/refund/credit.ts';
import { readTenant } from '../proto-tenant.ts';
import type { Read } from './read-events.ts';

/** The unusable time that a change of a workload tells of; undefined when it tells of none. */
export function readUnusableTime(data: unknown): Read<Omit<UnusableWindow, 'toldAt'> | undefined> {
  let message: WorkloadChanged;
  try {
    message = WorkloadChanged.fromJSON(data);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: 'unreadable', reason: 'not a WorkloadChanged' };
  }
  const { unusable, workloadId, kind } = message;
  if (unusable === undefined) return { kind: 'read', value: undefined };
  const tenant = readTenant(message.tenant);
  const reason = CREDIT_REASONS.find((known) => known === unusable.reason);
  const [from, to] = [unusable.from?.getTime() ?? Number.NaN, unusable.to?.getTime() ?? Number.NaN];
  if (tenant === undefined || workloadId === '') return { kind: 'unreadable', reason: 'unusable time of nobody' };
  if (reason === undefined) return { kind: 'unreadable', reason: 'unusable time for an unknown reason' };
  if (!(from < to)) return { kind: 'read', value: undefined };
  const source = { kind, id: workloadId, epoch: unusable.epoch };
  return { kind: 'read', value: { source, accountId: tenant.accountId, reason, from, to } };
}
