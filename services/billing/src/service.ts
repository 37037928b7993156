import { createGrpcServer, createTokenVerifier } from '@suanli/grpc-kit';
import { type Clock, type IdSource, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay, readBacklog } from '@suanli/messaging';
import { connectPostgres, type Database, isUnavailable } from '@suanli/postgres';
import { PUBLIC_PACKAGES, readDescriptorSet } from '@suanli/proto/descriptors';
import { streamSubjects } from '@suanli/proto/subjects';
import {
  createMetrics,
  createOpsServer,
  natsConfig,
  postgresConfig,
  readTls,
  type Service,
  superviseLoops,
  tlsConfig,
} from '@suanli/service-kit';
import { arrearsLoop } from './adapters/loops/arrears-loop.ts';
import { billingMetrics } from './adapters/billing-metrics.ts';
import { openChannels } from './adapters/channels/open-channels.ts';
import { creditLoop } from './adapters/loops/credit-loop.ts';
import { documentLoop, subscriptionLoop } from './adapters/loops/commerce-loops.ts';
import { expiryLoop } from './adapters/loops/expiry-loop.ts';
import { sealingLoop } from './adapters/loops/sealing-loop.ts';
import { documentService } from './adapters/grpc/commerce/document-service.ts';
import { orderService, planService } from './adapters/grpc/commerce/plan-service.ts';
import { refundService } from './adapters/grpc/commerce/refund-service.ts';
import { creditAdminService } from './adapters/grpc/credit/credit-admin-service.ts';
import { creditService } from './adapters/grpc/credit/credit-service.ts';
import { ledgerService } from './adapters/grpc/ledger-service.ts';
import { guardServices } from './adapters/grpc/guard-services.ts';
import { holdService } from './adapters/grpc/hold-service.ts';
import { bankTransferService } from './adapters/grpc/recharges/bank-transfer-service.ts';
import { priceService } from './adapters/grpc/pricing/price-service.ts';
import { priceBookService } from './adapters/grpc/pricing/price-book-service.ts';
import { provenanceService } from './adapters/grpc/pricing/provenance-service.ts';
import { quoteDeskService, quoteService } from './adapters/grpc/pricing/quote-services.ts';
import { pricingService } from './adapters/grpc/pricing/pricing-service.ts';
import { providerWebhookService } from './adapters/grpc/recharges/provider-webhook-service.ts';
import { rechargeService } from './adapters/grpc/recharges/recharge-service.ts';
import { usageService } from './adapters/grpc/usage-service.ts';
import { walletService } from './adapters/grpc/wallet-service.ts';
import { pricingLoop } from './adapters/loops/pricing-loop.ts';
import { billingConsumers } from './adapters/nats/consumers.ts';
import { isTaken, postgresTransact } from './adapters/postgres/create-stores.ts';
import { postgresReads } from './adapters/postgres/reads.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import { readPlansFile } from './adapters/plans-file.ts';
import { readPricesFile } from './adapters/prices-file.ts';
import { rechargeLoop } from './adapters/loops/recharge-loop.ts';
import { voucherCodes } from './adapters/voucher-codes.ts';
import type { BillingDeps } from './app/ports.ts';
import { commitGroups } from './app/commit-groups.ts';
import { seedPlans } from './app/plans/publish-plans.ts';
import { seedPrices } from './app/prices/publish-prices.ts';
import { arrearsTerms, type BillingConfig } from './config.ts';

export type BillingOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
};
/** Where it listens, with the ports that were really bound; filled by `start`. */
export type BillingAddresses = { internal: string; partner?: string; ops: string };
export type Billing = Service & { addresses: BillingAddresses };

const STREAM_MAX_AGE_MS = 7 * 24 * 3_600_000;

/** The composition root: everything that billing is made of, and in which order it starts and stops. */
export async function createBilling(config: BillingConfig, overrides: BillingOverrides): Promise<Billing> {
  await using boot = new AsyncDisposableStack();
  const { logger, clock = systemClock, ids = systemIds } = overrides;
  const holder = config.REPLICA_ID;
  const db = boot.use(overrides.db ?? (await connectPostgres(postgresConfig(config, 'billing'), logger)));
  await waitForSchema(db, clock, logger);
  const bus = boot.use(overrides.bus ?? (await connectBus(natsConfig(config), logger)));
  const metrics = createMetrics('billing');
  const money = billingMetrics(metrics);
  const loops = boot.use(superviseLoops({ logger, clock }));
  const stream = {
    name: 'billing',
    subjects: streamSubjects('billing'),
    maxAgeMs: STREAM_MAX_AGE_MS,
    discard: 'new' as const,
  };
  const relay = createOutboxRelay({ db, bus, stream, holder, clock, logger });

  const billing: BillingDeps = {
    transact: postgresTransact(db, ids, relay.wake),
    reads: postgresReads(db),
    isUnavailable,
    isTaken,
    clock,
    ids,
    policy: {
      lateUsageMs: config.LATE_USAGE_MS,
      lowBalanceMicros: BigInt(config.LOW_BALANCE_MICROS),
      arrears: arrearsTerms(config),
    },
    channels: openChannels(config, clock),
    voucherCodes,
  };
  if (config.PRICES_FILE !== undefined) await seedPrices(billing, await readPricesFile(config.PRICES_FILE));
  if (config.PLANS_FILE !== undefined) await seedPlans(billing, await readPlansFile(config.PLANS_FILE));
  metrics.gaugeOf(
    'suanli_billing_parked_usage',
    'Usage events that wait for an operator',
    billing.reads.parkedUsageCount,
  );
  metrics.gaugeOf(
    'suanli_billing_outbox_unsent',
    'Facts not published yet',
    async () => (await readBacklog(db)).unsent,
  );
  metrics.gaugeOf('suanli_billing_dead_letters', 'Events that need a person', async () => (await readBacklog(db)).dead);

  const verifier = createTokenVerifier({ jwksUrl: config.JWKS_URL, clock, logger });
  const publicServices = [
    walletService(billing, verifier),
    priceService(billing, verifier),
    priceBookService(billing, verifier),
    quoteService(billing, verifier),
    provenanceService(billing, verifier),
    rechargeService(billing, verifier),
    bankTransferService(billing, verifier),
    ...guardServices(billing, verifier),
    creditService(billing, verifier),
    planService(billing, verifier),
    orderService(billing, verifier),
    documentService(billing, verifier),
    refundService(billing, verifier),
  ];
  const groups = commitGroups(billing);
  const internalServices = [
    holdService(billing, groups, money),
    ledgerService(billing, groups.transfers),
    pricingService(billing),
    quoteDeskService(billing),
    usageService(billing, money),
    providerWebhookService(billing),
    creditAdminService(billing),
  ];
  const rpc = { logger, clock, ids, observe: metrics.observeGrpc };
  const internal = boot.use(
    createGrpcServer({
      ...rpc,
      address: config.GRPC_INTERNAL_ADDRESS,
      tls: await readTls(tlsConfig(config)),
      services: [...publicServices, ...internalServices],
    }),
  );
  const partner =
    config.GRPC_PARTNER_ADDRESS === undefined
      ? undefined
      : boot.use(
          createGrpcServer({
            ...rpc,
            address: config.GRPC_PARTNER_ADDRESS,
            services: publicServices,
            reflection: { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.billing] },
          }),
        );
  const checks = {
    postgres: async () => void (await db.$client.query('select 1')),
    nats: () => {
      if (!bus.isConnected()) throw new Error('not connected');
    },
    loops: loops.check,
  };
  const ops = boot.use(createOpsServer({ address: config.OPS_ADDRESS, checks, metrics, logger, clock }));
  boot.defer(async () => ops.drain());

  const addresses: BillingAddresses = { internal: '', ops: '' };
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    addresses,
    async start() {
      loops.run('outbox relay', (signal) => relay.run(signal));
      loops.run('ledger sealer', sealingLoop({ db, ids, holder, clock, logger, committed: relay.wake }));
      loops.run(
        'hold expiry',
        expiryLoop({ billing, db, ids, holder, clock, metrics: money, logger, committed: relay.wake }),
      );
      loops.run(
        'pricing',
        pricingLoop({ billing, db, ids, holder, clock, metrics: money, logger, committed: relay.wake }),
      );
      loops.run('arrears', arrearsLoop({ billing, db, ids, holder, clock, logger, committed: relay.wake }));
      loops.run('credit expiry', creditLoop({ billing, db, ids, holder, clock, logger, committed: relay.wake }));
      const commerce = { billing, db, ids, holder, clock, logger, committed: relay.wake };
      loops.run('subscriptions', subscriptionLoop(commerce));
      loops.run('documents', documentLoop(commerce));
      loops.run('recharge sync', rechargeLoop({ billing, db, holder, clock, logger }));
      const consumers = billingConsumers({ billing, db, bus, ids, metrics: money, logger, committed: relay.wake });
      for (const { name, consumer } of consumers) loops.run(name, (signal) => consumer.run(signal));
      addresses.internal = withPort(config.GRPC_INTERNAL_ADDRESS, await internal.listen());
      if (partner && config.GRPC_PARTNER_ADDRESS) {
        addresses.partner = withPort(config.GRPC_PARTNER_ADDRESS, await partner.listen());
      }
      addresses.ops = withPort(config.OPS_ADDRESS, await ops.listen());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function withPort(address: string, port: number): string {
  return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
}
