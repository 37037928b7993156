import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keeps small secrets so that a stolen database does not give them away. */
export type Vault = {
  /** `purpose` is bound to the text: what was sealed for one purpose cannot be opened for another. */
  seal(text: string, purpose: string): string;
  open(sealed: string, purpose: string): string;
};

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const VERSION = 'v1';

/**
 * Envelope encryption: each text under its own random key, that key under the master key. Rotating the master key means
 * wrapping the small keys anew, not the texts. The purpose is authenticated with both.
 */
export function createVault(masterKey: Uint8Array): Vault {
  if (masterKey.length !== KEY_BYTES) throw new Error(`the master key must have ${KEY_BYTES} bytes`);
  return {
    seal(text, purpose) {
      const dataKey = randomBytes(KEY_BYTES);
      const wrappedKey = encrypt(masterKey, dataKey, purpose);
      const sealed = encrypt(dataKey, Buffer.from(text, 'utf8'), purpose);
      return [VERSION, wrappedKey.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(sealed, purpose) {
      const [version, wrappedKey, text] = sealed.split('.');
      if (version !== VERSION || !wrappedKey || !text) throw new Error('not a sealed text of this version');
      const dataKey = decrypt(masterKey, Buffer.from(wrappedKey, 'base64url'), purpose);
      return decrypt(dataKey, Buffer.from(text, 'base64url'), purpose).toString('utf8');
    },
  };
}

function encrypt(key: Uint8Array, plain: Uint8Array, purpose: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(purpose, 'utf8'));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function decrypt(key: Uint8Array, sealed: Buffer, purpose: string): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const body = sealed.subarray(NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose, 'utf8')).setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}
