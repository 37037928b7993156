import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { testTls, type TlsIdentity } from './test-tls.ts';

/** What a server that demands a certificate makes of a client: its name, or that it was refused. */
async function callAs(client: TlsIdentity, server: TlsIdentity): Promise<string> {
  const listener = createServer({ ...server, requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.end(socket.getPeerCertificate().subjectaltname ?? '');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    const socket = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', ...client });
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  } finally {
    listener.close();
  }
}

describe('testTls', () => {
  it('issues certificates that two services accept from each other, with their SPIFFE names', async () => {
    await using tls = await testTls();
    const name = await callAs(await tls.issue('scheduler'), await tls.issue('billing'));
    expect(name).toContain('URI:spiffe://suanli/scheduler');
  });

  it('does not trust a certificate of another authority', async () => {
    await using ours = await testTls();
    await using theirs = await testTls();
    const stranger = { ...(await theirs.issue('scheduler')), ca: ours.ca };
    // The refusal comes after the client's handshake: as an error or as an end, whichever is read first.
    const name = await callAs(stranger, await ours.issue('billing')).catch(() => '');
    expect(name).toBe('');
  });

  it('writes them to files, and removes these in the end', async () => {
    const tls = await testTls();
    const files = await tls.issueFiles('billing');
    expect(Object.values(files).map((file) => existsSync(file))).toEqual([true, true, true]);
    await tls[Symbol.asyncDispose]();
    expect(Object.values(files).map((file) => existsSync(file))).toEqual([false, false, false]);
  });
});
