import { systemClock } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { openChannels } from './open-channels.ts';

const none = { SUANLI_DEV: false, STRIPE_WEBHOOK_SECRETS: [] };
const names = (config: Parameters<typeof openChannels>[0]) => [...openChannels(config, systemClock).keys()];
const payee = { BANK_PAYEE_NAME: 'Suanli', BANK_PAYEE_BANK: 'Bank', BANK_PAYEE_ACCOUNT: '1' };

describe('recharge channels', () => {
  it.each([
    ['nothing is configured', none, []],
    ['development mode is on', { ...none, SUANLI_DEV: true }, ['development']],
    ['a payee is named', { ...none, ...payee }, ['bank_transfer']],
    ['Stripe has a key', { ...none, STRIPE_SECRET_KEY: 'sk_test_1' }, ['stripe']],
  ])('are open only when %s', (_when, config, open) => {
    expect(names(config)).toEqual(open);
  });

  it('do not start with half a payee', () => {
    expect(() => names({ ...none, BANK_PAYEE_NAME: 'Suanli' })).toThrow('set together');
  });
});
