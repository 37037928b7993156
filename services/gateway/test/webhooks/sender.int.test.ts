import { describe, expect, it } from 'vitest';
import { createWebhookSender } from '../../src/adapters/webhooks/sender.ts';
import { startReceiver } from './support/receiver.ts';

const signal = new AbortController().signal;

describe('the sender of webhooks', () => {
  it('asks for a name once and connects to the address that it checked: a name cannot mean another one a moment later', async () => {
    await using receiver = await startReceiver();
    const url = new URL(receiver.url);
    url.hostname = 'hooks.example.com';
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      // A name server that gives another address each time.
      return asked.length === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
    };
    const sender = createWebhookSender({ isOpen: true, resolve });
    expect(await sender.send({ url: url.href, headers: {}, body: '{}', signal })).toEqual({ httpStatus: 204 });
    expect(asked).toEqual(['hooks.example.com']);
    expect(receiver.received[0]?.headers.host).toBe(url.host);
  });

  it('follows no redirect, and says what a busy server asks for', async () => {
    await using receiver = await startReceiver();
    const sender = createWebhookSender({ isOpen: true });
    receiver.answer(307, { location: receiver.url });
    expect(await sender.send({ url: receiver.url, headers: {}, body: '{}', signal })).toEqual({ httpStatus: 307 });
    expect(receiver.received).toHaveLength(1);
    receiver.answer(429, { 'retry-after': '7' });
    const busy = await sender.send({ url: receiver.url, headers: {}, body: '{}', signal });
    expect(busy).toEqual({ httpStatus: 429, retryAfterMs: 7_000 });
  });

  it('tells what went wrong, and never throws for what the other side does', async () => {
    const sender = createWebhookSender({ isOpen: true });
    const send = (url: string, given = signal) => sender.send({ url, headers: {}, body: '{}', signal: given });
    expect(await send('http://127.0.0.1:1/')).toEqual({ error: 'ECONNREFUSED' });
    expect(await send('not a url')).toEqual({ error: 'not a URL' });
    expect(await send('http://127.0.0.1:1/', AbortSignal.abort())).toEqual({ error: 'no answer in time' });
    const closed = createWebhookSender({ isOpen: false });
    expect((await closed.send({ url: 'https://10.0.0.1/', headers: {}, body: '', signal })).error).toBeDefined();
  });
});
