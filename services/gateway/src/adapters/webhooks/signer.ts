import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { WebhookSigner } from '../../app/webhooks/ports.ts';

const SECRET_BYTES = 32;

/** Standard Webhooks: HMAC-SHA256 over id, time and body; any of its libraries verifies it. */
export const standardSigner: WebhookSigner = {
  createSecret: () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
  sign: (secrets, { id, at, body }) =>
    secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body)).join(' '),
};
