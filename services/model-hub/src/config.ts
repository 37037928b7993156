import { env, grpcEnv, natsEnv, opsEnv, postgresEnv, processEnv } from '@suanli/service-kit';
import { z } from 'zod';

const GIB = 1024 ** 3;
const SIGNING_KEY_BYTES = 32;

/** Everything that this service reads from its environment. */
export const modelHubEnv = z.object({
  ...processEnv,
  ...grpcEnv,
  ...opsEnv,
  ...postgresEnv,
  ...natsEnv,
  DATA_ADDRESS: env.address('Listener of the data port: bytes over plain HTTP, each URL signed'),
  DATA_URL: env.url('Base URL under which the gateway reaches the data port'),
  BLOB_DIR: env.path('Folder of the blobs; replicas share it'),
  URL_SIGNING_KEY: env.secretBytes('Key that signs the data port’s URLs; the same for all replicas', SIGNING_KEY_BYTES),
  MAX_BLOB_BYTES: env.int('Largest file', 64 * GIB, { min: 1 }),
});

export type ModelHubConfig = z.infer<typeof modelHubEnv>;
