import { type ClientTls, createGrpcClient } from '@suanli/grpc-kit';
import type { Clock, Logger } from '@suanli/kernel';
import { QuoteDeskServiceClient } from '@suanli/proto/suanli/billing/internal/v1/quote.ts';
import { HoldServiceClient, PricingServiceClient } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { JobKeyServiceClient } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { HubServiceClient } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import type { Billing, JobKeys, PriceList, Quotes, Revisions } from '../../../app/ports.ts';
import type { JobKeyVault } from '../../job-key-vault.ts';
import { billingClient } from './billing.ts';
import { jobKeysClient } from './job-keys.ts';
import { createPriceList } from './price-list.ts';
import { quoteClient } from './quotes.ts';
import { revisionsClient } from './revisions.ts';

const DEADLINE_MS = 3_000;

export type PeerAddresses = { BILLING_ADDRESS: string; GATEWAY_ADDRESS: string; MODEL_HUB_ADDRESS: string };
export type Peers = {
  billing: Billing;
  prices: PriceList;
  quotes: Quotes;
  keys: JobKeys;
  revisions: Revisions;
} & AsyncDisposable;

/** The services that the control plane asks. Connections are made when they are first needed. */
export function connectPeers(
  addresses: PeerAddresses,
  tls: ClientTls,
  deps: { clock: Clock; logger: Logger; vault: JobKeyVault },
): Peers {
  const owned = new AsyncDisposableStack();
  const to = (peer: string, address: string) => ({
    address,
    tls,
    peer,
    defaultDeadlineMs: DEADLINE_MS,
    clock: deps.clock,
  });
  const billing = to('billing', addresses.BILLING_ADDRESS);
  const holds = owned.use(createGrpcClient(HoldServiceClient, billing));
  const pricing = owned.use(createGrpcClient(PricingServiceClient, billing));
  const keys = owned.use(createGrpcClient(JobKeyServiceClient, to('gateway', addresses.GATEWAY_ADDRESS)));
  const hub = owned.use(createGrpcClient(HubServiceClient, to('model-hub', addresses.MODEL_HUB_ADDRESS)));
  return {
    billing: billingClient(holds),
    quotes: quoteClient(owned.use(createGrpcClient(QuoteDeskServiceClient, billing))),
    prices: createPriceList({ pricing, ...deps }),
    keys: jobKeysClient(keys, deps.vault),
    revisions: revisionsClient(hub),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
