import type { Clock } from '@suanli/kernel';
import type { RechargeChannel } from '../../app/recharges/ports.ts';
import type { BillingConfig } from '../../config.ts';
import { bankTransferChannel } from './bank-transfer-channel.ts';
import { developmentChannel } from './development-channel.ts';
import { stripeChannel } from './stripe-channel.ts';

type ChannelConfig = Pick<
  BillingConfig,
  | 'SUANLI_DEV'
  | 'BANK_PAYEE_NAME'
  | 'BANK_PAYEE_BANK'
  | 'BANK_PAYEE_ACCOUNT'
  | 'STRIPE_SECRET_KEY'
  | 'STRIPE_WEBHOOK_SECRETS'
  | 'STRIPE_API_BASE'
>;

/** The recharge channels that are configured here, by name. Any other is refused. */
export function openChannels(config: ChannelConfig, clock: Clock): ReadonlyMap<string, RechargeChannel> {
  const channels: RechargeChannel[] = [];
  if (config.SUANLI_DEV) channels.push(developmentChannel);
  const { BANK_PAYEE_NAME: name, BANK_PAYEE_BANK: bank, BANK_PAYEE_ACCOUNT: account } = config;
  if (name !== undefined && bank !== undefined && account !== undefined) {
    channels.push(bankTransferChannel({ name, bank, account }));
  } else if (name !== undefined || bank !== undefined || account !== undefined) {
    throw new Error('BANK_PAYEE_NAME, BANK_PAYEE_BANK and BANK_PAYEE_ACCOUNT are set together or not at all');
  }
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRETS: webhookSecrets, STRIPE_API_BASE: apiBase } = config;
  if (secretKey !== undefined) {
    channels.push(stripeChannel({ secretKey, webhookSecrets, ...(apiBase !== undefined && { apiBase }) }, clock));
  }
  return new Map(channels.map((channel) => [channel.name, channel]));
}
