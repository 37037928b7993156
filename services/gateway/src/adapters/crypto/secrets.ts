import { createHash, randomBytes } from 'node:crypto';
import type { Secrets } from '../../app/ports.ts';

const SECRET_BYTES = 32;
const HINT_CHARS = 4;

export const secrets: Secrets = {
  create(prefix) {
    const secret = `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    return { secret, sha256: sha256Hex(secret), hint: secret.slice(-HINT_CHARS) };
  },
  sha256: sha256Hex,
};

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
