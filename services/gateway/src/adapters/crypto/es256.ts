import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { TokenSigning } from '../../app/tokens/signing-keys.ts';

const ALGORITHM = 'ES256';

/** Signs with P-256 keys whose id is their thumbprint (RFC 7638), so that a key can never carry another's id. */
export const es256: TokenSigning = {
  async generate() {
    const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    return {
      kid: await calculateJwkThumbprint(publicJwk),
      publicJwk: { ...publicJwk },
      privateJwk: { ...(await exportJWK(privateKey)) },
    };
  },
  async sign({ kid, privateJwk }, claims) {
    const key = await importJWK(privateJwk as JWK, ALGORITHM);
    return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' }).sign(key);
  },
};
