import { describe, expect, it } from 'vitest';
import { NOW } from '../../testing/builders.ts';
import type { Price } from '../price/price.ts';
import { amountText, chargeSteps } from './explain-line.ts';

const price: Price = {
  id: 'prc_1',
  version: 1,
  meter: 'gpu_time',
  region: '',
  item: '*',
  accountId: '',
  model: { kind: 'unit' },
  amountMicros: 7n,
  perQuantity: 3n,
  currency: 'CNY',
  effectiveFrom: 0,
  display: '',
};
const tiers = [{ upTo: 10n, amountMicros: 100n, flatMicros: 5n }, { amountMicros: 60n }];

describe('the arithmetic of a charge', () => {
  it.each([
    ['unit', price, 100n, 0, 'floor(100 x 7 / 3) = 233 micros'],
    [
      'unit with a discount',
      price,
      100n,
      2_500,
      'floor(100 x 7 x 7500 / (3 x 10000)) = 175 micros, with 2500 basis points off',
    ],
    [
      'graduated',
      { ...price, model: { kind: 'graduated' as const, tiers }, perQuantity: 1n },
      13n,
      0,
      '(10 x 100 + 5 x 1 + 3 x 60) = 1185 micros',
    ],
    [
      'volume',
      { ...price, model: { kind: 'volume' as const, tiers }, perQuantity: 1n },
      13n,
      0,
      '(13 x 60) = 780 micros',
    ],
    [
      'package',
      { ...price, model: { kind: 'package' as const }, perQuantity: 8n },
      13n,
      0,
      'ceil(13 / 8) x 7 = 2 x 7 = 14 micros',
    ],
    ['flat', { ...price, model: { kind: 'flat' as const } }, 13n, 0, '7 once a month = 7 micros'],
    ['nothing', price, 0n, 0, '0 micros for nothing'],
  ])('of %s can be done by hand', (_name, priced, quantity, basisPoints, text) => {
    expect(amountText(priced, quantity, basisPoints)).toBe(text);
  });

  it('names the event, the part of its window, and both sides of the difference', () => {
    const usage = {
      usageId: 'use_1',
      tenant: { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' },
      source: { kind: 'job', id: 'job_1', epoch: 1 },
      costKey: '',
      readings: [{ meter: 'gpu_time', quantity: 3_000n }],
      region: '',
      item: 'x',
      from: NOW,
      to: NOW + 1_000,
      isFinal: false,
    };
    const charge = {
      id: 'chg_1',
      usageId: 'use_1',
      factId: 'use_1',
      revision: 0,
      billLineId: 'bil_1',
      meter: 'gpu_time',
      quantity: 1_500n,
      baseQuantity: 10n,
      usageFrom: NOW,
      usageTo: NOW + 500,
      day: '2026-01-01',
      amountMicros: 3_500n,
      heldMicros: 0n,
      walletMicros: 3_500n,
      writtenOffMicros: 0n,
      refundedMicros: 0n,
      creditedMicros: 0n,
      createdAt: NOW,
    };
    const line = { discountBasisPoints: 0 };
    expect(chargeSteps(charge, usage, { price, line })).toEqual([
      'event use_1 tells 3000 gpu_time from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z',
      'of which 2026-01-01: floor(3000 x 500 / 1000) - floor(3000 x 0 / 1000) = 1500',
      'before: 10, after: 10 + 1500 = 1510',
      'amount after: floor(1510 x 7 / 3) = 3523 micros',
      'amount before: floor(10 x 7 / 3) = 23 micros',
      'charge: 3523 - 23 = 3500 micros',
    ]);
  });
});
