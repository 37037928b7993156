import type { InstantChannel } from '../../app/recharges/ports.ts';

/**
 * Play money: confirms every payment at once. Exists only in development mode. Numbers are prefixed with the account,
 * so that one account's serial number says nothing of another's.
 */
export const developmentChannel: InstantChannel = {
  name: 'development',
  kind: 'instant',
  refuseAmount: () => undefined,
  receive: async ({ tenant, requestId, serialNumber }) => ({
    serialNumber: `${tenant.accountId}/${serialNumber === '' ? `request/${requestId}` : `serial/${serialNumber}`}`,
  }),
  refund: async (_recharge, { refundId }) => ({ kind: 'done', serialNumber: refundId }),
};
