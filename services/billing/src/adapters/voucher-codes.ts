import { createHash, randomBytes } from 'node:crypto';
import type { VoucherCodes } from '../app/vouchers/ports.ts';

/** Codes are long and random, so a plain hash of one tells nothing about it. */
export const voucherCodes: VoucherCodes = {
  random: (size) => randomBytes(size),
  hashOf: (code) => createHash('sha256').update(code).digest('hex'),
};
