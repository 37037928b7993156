import type { Clock, IdSource, Logger } from '@suanli/kernel';
import type { ClientTls } from '@suanli/grpc-kit';
import type { Bus } from '@suanli/messaging';
import type { Database } from '@suanli/postgres';
import type { Loops } from '@suanli/service-kit';
import { billingDesk, billingPrices } from './adapters/grpc/inference/billing-desk.ts';
import { followRoutes } from './adapters/grpc/inference/route-table.ts';
import { answerStore, usageLog } from './adapters/postgres/inference-stores.ts';
import { OFFLINE_WRITER, offlineWriter } from './adapters/upstreams/offline-writer.ts';
import { openAiUpstream } from './adapters/upstreams/openai-upstream.ts';
import { readUpstreams } from './adapters/upstreams/read-upstreams.ts';
import { createMoneyLeases } from './app/inference/money-leases.ts';
import type { InferenceDeps } from './app/inference/open-call.ts';
import type { Upstream } from './app/inference/ports.ts';
import type { GatewayConfig } from './config.ts';

/** How long an answer given to another service can be had again under its request id. */
const ANSWERS_KEPT_MS = 7 * 24 * 3_600_000;
const PURGE_EVERY_MS = 600_000;

type Parts = {
  config: GatewayConfig;
  db: Database;
  bus: Bus;
  tls: ClientTls;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  committed: () => void;
  boot: { use<T extends AsyncDisposable>(resource: T): T; defer(end: () => Promise<void>): void };
};

/** The part of the composition root that serves models. */
export async function createInference(parts: Parts): Promise<{ deps: InferenceDeps; runLoops(loops: Loops): void }> {
  const { config, db, bus, tls, clock, ids, boot, committed } = parts;
  const logger = parts.logger.child({ component: 'inference' });
  const { UPSTREAMS_FILE: file, OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey } = config;
  const configured = (await readUpstreams({ file, baseUrl, apiKey })).map(openAiUpstream);
  const all: Upstream[] = [offlineWriter({ clock, ids }), ...configured];
  const billing = { address: config.BILLING_ADDRESS, tls, clock, boot };
  const leases = createMoneyLeases({ desk: billingDesk(billing), clock, ids, logger });
  boot.defer(() => leases.close());
  const routes = followRoutes({
    ...{ address: config.MODEL_HUB_ADDRESS, tls, bus, clock, logger, boot },
    defaultUpstream: configured[0]?.name,
  });
  const answers = answerStore(db);
  logger.info(
    { upstreams: all.map(({ name }) => name), offlineOnly: configured.length === 0, builtIn: OFFLINE_WRITER },
    'upstreams are configured',
  );
  return {
    deps: {
      ...{ db, clock, ids, logger, routes, leases, usageLog, answers, committed },
      upstreams: new Map(all.map((upstream) => [upstream.name, upstream])),
      prices: billingPrices(billing),
    },
    runLoops(loops) {
      loops.run('model routes', (signal) => routes.follow(signal));
      loops.run('money leases', (signal) => leases.sweep(signal));
      loops.run('kept model answers', async (signal) => {
        while (!signal.aborted) {
          await answers.purge(clock.now() - ANSWERS_KEPT_MS);
          await clock.sleep(PURGE_EVERY_MS, signal);
        }
      });
    },
  };
}
