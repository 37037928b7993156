// Prints the secrets that docker-compose.yml asks for, made anew: node deploy/compose/make-env.mjs [--dev] > .env
// With --dev also the development profile: a recharge channel that costs nothing and a tenant to try things with.
import { createHash, randomBytes } from 'node:crypto';

// NATS reads a value that begins with a digit as a number, so each secret begins with a letter.
const secret = () => `s${randomBytes(32).toString('base64url')}`;
const key = () => randomBytes(32).toString('base64');
const operatorKey = `sop_${randomBytes(32).toString('base64url')}`;
const isDev = process.argv.includes('--dev');

const names = [
  'POSTGRES_PASSWORD',
  'REDIS_PASSWORD',
  'DATABASE_OWNER_PASSWORD',
  ...['BILLING', 'SCHEDULER', 'WORKFLOW', 'MODEL_HUB', 'GATEWAY'].map((name) => `DATABASE_PASSWORD_${name}`),
  ...['BILLING', 'SCHEDULER', 'WORKFLOW', 'MODELHUB', 'GATEWAY', 'AGENT_CN_SHANGHAI', 'AGENT_CN_HEFEI'].map(
    (name) => `NATS_PASSWORD_${name}`,
  ),
];
const lines = [
  ...names.map((name) => `${name}=${secret()}`),
  `GATEWAY_MASTER_KEY=${key()}`,
  `SCHEDULER_MASTER_KEY=${key()}`,
  `URL_SIGNING_KEY=${key()}`,
  `OPERATOR_KEY_SHA256=${createHash('sha256').update(operatorKey).digest('hex')}`,
  "# The operator's key itself: keep it elsewhere in production, the platform needs only its hash.",
  `SUANLI_OPERATOR_KEY=${operatorKey}`,
  ...(isDev ? ['COMPOSE_PROFILES=dev', 'SUANLI_DEV=1'] : []),
];
process.stdout.write(`${lines.join('\n')}\n`);
