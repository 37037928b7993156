import type { Clock, Logger } from '@suanli/kernel';
import type { Vault } from '../ports.ts';

export type Jwk = Record<string, unknown>;
export type SigningKeyRow = { kid: string; publicJwk: Jwk; sealedPrivateJwk: string; isActive: boolean };

export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<SigningKeyRow[]>;
  /** False when another replica has just made the active key. */
  insertActive(key: { kid: string; publicJwk: Jwk; sealedPrivateJwk: string; createdAt: number }): Promise<boolean>;
}

/** ES256 by a library; the only place where private keys are in the clear is the memory of this process. */
export interface TokenSigning {
  generate(): Promise<{ kid: string; publicJwk: Jwk; privateJwk: Jwk }>;
  sign(key: { kid: string; privateJwk: Jwk }, claims: Record<string, unknown>): Promise<string>;
}

export type SigningKeys = {
  active(): { kid: string; privateJwk: Jwk };
  /** Public keys of all tokens that may still be around: the JWKS document. */
  publicKeys(): Jwk[];
  /** Looks for keys that other replicas have made or retired. */
  reload(): Promise<void>;
};

export type SigningKeysDeps = {
  store: SigningKeyStore;
  signing: TokenSigning;
  vault: Vault;
  clock: Clock;
  logger: Logger;
};

const PURPOSE = 'signing-key';

/** Loads the signing keys, and makes the first one when there is none: once for all replicas. */
export async function loadSigningKeys(deps: SigningKeysDeps): Promise<SigningKeys> {
  let { active, publicJwks } = await read(deps);

  return {
    active: () => active,
    publicKeys: () => publicJwks,
    async reload() {
      ({ active, publicJwks } = await read(deps));
    },
  };
}

async function read(deps: SigningKeysDeps) {
  let rows = await deps.store.list();
  if (!rows.some((row) => row.isActive)) {
    await makeFirst(deps);
    rows = await deps.store.list();
  }
  const row = rows.find((one) => one.isActive);
  if (row === undefined) throw new Error('no active signing key');
  const privateJwk = JSON.parse(deps.vault.open(row.sealedPrivateJwk, PURPOSE)) as Jwk;
  const publicJwks = rows.map((one) => ({ ...one.publicJwk, kid: one.kid, use: 'sig', alg: 'ES256' }));
  return { active: { kid: row.kid, privateJwk }, publicJwks };
}

async function makeFirst({ store, signing, vault, clock, logger }: SigningKeysDeps): Promise<void> {
  const { kid, publicJwk, privateJwk } = await signing.generate();
  const sealedPrivateJwk = vault.seal(JSON.stringify(privateJwk), PURPOSE);
  const isOurs = await store.insertActive({ kid, publicJwk, sealedPrivateJwk, createdAt: clock.now() });
  if (isOurs) logger.info({ kid }, 'signing key made');
}
