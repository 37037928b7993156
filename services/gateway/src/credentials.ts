import type { Clock, IdSource, Logger } from '@suanli/kernel';
import type { Bus } from '@suanli/messaging';
import type { Database } from '@suanli/postgres';
import { createVault } from '@suanli/service-kit';
import { es256 } from './adapters/crypto/es256.ts';
import { secrets } from './adapters/crypto/secrets.ts';
import { followRevokedKeys } from './adapters/nats/key-feed.ts';
import { eventLog } from './adapters/postgres/event-log.ts';
import { signingKeyStore } from './adapters/postgres/signing-key-store.ts';
import { postgresStores } from './adapters/postgres/stores.ts';
import { type Authentication, authenticate } from './app/keys/authenticate.ts';
import { createKeyCache } from './app/keys/key-cache.ts';
import { createUseRecorder, type UseRecorder } from './app/keys/use-recorder.ts';
import type { CommandDeps, Vault } from './app/ports.ts';
import { loadSigningKeys, type SigningKeys } from './app/tokens/signing-keys.ts';
import { createTokenMinter, type TokenMinter } from './app/tokens/token-minter.ts';
import type { GatewayConfig } from './config.ts';

type Parts = {
  config: GatewayConfig;
  db: Database;
  bus: Bus;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  wakeRelay: () => void;
  /** What is still open under a key that has been revoked is to be shut. */
  shutKey: (keyId: string) => void;
  boot: { use<T extends AsyncDisposable>(resource: T): T };
};

export type Credentials = {
  checkKey: (secret: string) => Promise<Authentication>;
  signingKeys: SigningKeys;
  tokens: TokenMinter;
  uses: UseRecorder;
  vault: Vault;
  commands: CommandDeps;
};

/** The part of the composition root that knows who is who: keys, tokens, and the commands that change them. */
export async function createCredentials(parts: Parts): Promise<Credentials> {
  const { config, db, bus, clock, ids, logger, wakeRelay, shutKey, boot } = parts;
  const stores = postgresStores;
  const vault = createVault(config.MASTER_KEY);
  const signingKeys = await loadSigningKeys({ store: signingKeyStore(db), signing: es256, vault, clock, logger });
  const tokens = createTokenMinter({ keys: signingKeys, signing: es256, clock });
  const cache = createKeyCache(clock);
  const forgetKey = (keyId: string) => {
    cache.forgetKey(keyId);
    tokens.forgetKey(keyId);
    shutKey(keyId);
  };
  boot.use(followRevokedKeys(bus, logger, forgetKey));
  const uses = createUseRecorder({ db, stores, clock, logger });
  const authenticating = {
    ...{ db, clock, stores, secrets, cache },
    operator: { keySha256: config.OPERATOR_KEY_SHA256, requestsPerMinute: config.OPERATOR_REQUESTS_PER_MINUTE },
    isFeedLive: () => bus.isConnected(),
    recordUse: uses.record,
  };
  return {
    ...{ signingKeys, tokens, uses, vault },
    checkKey: (secret) => authenticate(authenticating, secret),
    commands: {
      ...{ db, clock, ids, stores, secrets, vault },
      events: (tx) => eventLog(tx, ids),
      committed({ revoked = [], changedMember }) {
        for (const { keyId } of revoked) forgetKey(keyId);
        if (changedMember !== undefined) cache.forgetMember(changedMember);
        wakeRelay();
      },
    },
  };
}
