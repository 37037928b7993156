import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import type { SendOutcome, WebhookSender } from '../../app/webhooks/ports.ts';
import { isPublicAddress } from './public-address.ts';

/** From the name's lookup to the answer's head. */
const SEND_TIMEOUT_MS = 15_000;
const MAX_URL_CHARS = 2_048;
const MAX_ERROR_CHARS = 200;

export type Resolve = (hostname: string) => Promise<string[]>;
export type SenderOptions = {
  /** Development: plain HTTP and addresses of this machine are taken, too. */
  isOpen: boolean;
  resolve?: Resolve;
};

const resolveAll: Resolve = async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address);

/**
 * Sends to addresses that a customer chose, and so to none of ours: the name is resolved once, every address of it must be
 * public, and the connection goes to the address that was checked, so that a name cannot mean another one a moment later.
 */
export function createWebhookSender({ isOpen, resolve = resolveAll }: SenderOptions): WebhookSender {
  return {
    refuse: (url) => refuseUrl(url, isOpen),
    async send({ url, headers, body, signal }) {
      const refusal = refuseUrl(url, isOpen);
      if (refusal !== undefined) return { error: refusal };
      const limit = AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
      try {
        const address = await addressOf(new URL(url), isOpen, resolve);
        if (address === undefined) return { error: 'the address is not a public one' };
        return await post(address, { url, headers, body, signal: limit });
      } catch (error) {
        return { error: describe(error, limit) };
      }
    },
  };
}

function refuseUrl(text: string, isOpen: boolean): string | undefined {
  if (text.length > MAX_URL_CHARS || !URL.canParse(text)) return 'not a URL';
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(isOpen && url.protocol === 'http:')) return 'only https is taken';
  if (url.username !== '' || url.password !== '') return 'no credentials in the URL';
  const host = hostOf(url);
  if (!isOpen && (host === 'localhost' || host.endsWith('.localhost'))) return 'the address is not a public one';
  return !isOpen && isIP(host) !== 0 && !isPublicAddress(host) ? 'the address is not a public one' : undefined;
}

/** All of them must be public: of a name with both, which one is connected to would be chance. */
async function addressOf(url: URL, isOpen: boolean, resolve: Resolve): Promise<string | undefined> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  return isOpen || addresses.every(isPublicAddress) ? addresses[0] : undefined;
}

async function post(
  address: string,
  { url, headers, body, signal }: Parameters<WebhookSender['send']>[0],
): Promise<SendOutcome> {
  const family = isIP(address) === 6 ? 6 : 4;
  const agent = new Agent({
    connect: {
      lookup: (_name, options, done) =>
        options.all === true ? done(null, [{ address, family }]) : done(null, address, family),
    },
  });
  // A redirect is not followed: it would lead to where nothing was checked.
  try {
    const answer = await request(url, { method: 'POST', headers, body, signal, dispatcher: agent });
    answer.body.on('error', () => undefined).destroy();
    const retryAfterMs = readRetryAfter(answer.headers['retry-after']);
    return { httpStatus: answer.statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  } finally {
    await agent.destroy();
  }
}

/** Seconds; dates are rare and not needed. */
function readRetryAfter(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^[0-9]{1,9}$/.test(header) ? Number(header) * 1000 : undefined;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function describe(error: unknown, limit: AbortSignal): string {
  if (limit.aborted) return 'no answer in time';
  const { code, message } = error as { code?: string; message?: string };
  return (code ?? message ?? 'no connection').slice(0, MAX_ERROR_CHARS);
}
