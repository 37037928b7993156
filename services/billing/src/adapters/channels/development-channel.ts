import type { RechargeChannel } from '../../app/ports.ts';

/**
 * Play money: confirms every payment at once. Exists only in development mode. Numbers are prefixed with the account,
 * so that one account's serial number says nothing of another's.
 */
export const developmentChannel: RechargeChannel = {
  name: 'development',
  receive: async ({ tenant, requestId, serialNumber }) => ({
    kind: 'received',
    serialNumber: `${tenant.accountId}/${serialNumber === '' ? `request/${requestId}` : `serial/${serialNumber}`}`,
  }),
};
