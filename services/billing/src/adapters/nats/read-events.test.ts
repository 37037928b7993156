import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import { describe, expect, it } from 'vitest';
import { readAccountOpened, readUsage } from './read-events.ts';

const message = {
  usageId: 'use_1',
  tenant: { accountId: 'acc_1', workspaceId: 'wsp_1', subAccountId: '', principalId: 'key_1' },
  sourceKind: 'job',
  sourceId: 'job_1',
  epoch: 1,
  readings: [{ meter: 'gpu_time', quantity: 9_007_199_254_740_993n }],
  usageFrom: new Date(1_000),
  usageTo: new Date(2_000),
};
const json = UsageRecorded.toJSON(UsageRecorded.fromPartial(message)) as Record<string, unknown>;

describe('readUsage', () => {
  it('reads quantities exactly, and leaves out what is empty', () => {
    const usage = readUsage(json);
    if (usage.kind !== 'read') throw new Error(usage.reason);
    expect(usage.value).toMatchObject({ from: 1_000, to: 2_000, readings: message.readings, isFinal: false });
    expect('holdId' in usage.value || 'subAccountId' in usage.value.tenant).toBe(false);
  });

  it.each([
    ['no object', null],
    ['no tenant', { ...json, tenant: undefined }],
    ['no account', { ...json, tenant: { workspaceId: 'wsp_1' } }],
    ['no id', { ...json, usageId: '' }],
    ['no source', { ...json, sourceId: '' }],
    ['no window', { ...json, usageFrom: undefined }],
    ['a window that ends before it begins', { ...json, usageTo: '1970-01-01T00:00:00Z' }],
    ['a time that is none', { ...json, usageTo: 'soon' }],
    ['a quantity that is no whole number', { ...json, readings: [{ meter: 'gpu_time', quantity: '1.5' }] }],
    ['an epoch that is no number', { ...json, epoch: 'first' }],
    ['a reading without a meter', { ...json, readings: [{ quantity: '1' }] }],
  ])('refuses %s', (_story, data) => {
    expect(readUsage(data).kind).toBe('unreadable');
  });
});

describe('readAccountOpened', () => {
  it('needs an account', () => {
    expect(readAccountOpened({ accountId: 'acc_1', name: 'x' })).toEqual({
      kind: 'read',
      value: { accountId: 'acc_1' },
    });
    expect(readAccountOpened({ name: 'x' }).kind).toBe('unreadable');
  });
});
