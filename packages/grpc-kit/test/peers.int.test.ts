import { createGrpcClient, createGrpcServer, internalHandler, readGrpcError, unary } from '@suanli/grpc-kit';
import { silentLogger, type TestTls, testTls } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InnerServiceClient, type InnerServiceServer, InnerServiceService, LabServiceClient } from './lab-service.ts';
import { CALL_MS, failureOf, startLab } from './lab.ts';

describe('internal methods', () => {
  const stack = new AsyncDisposableStack();
  let authority: TestTls;
  let address: string;

  beforeAll(async () => {
    authority = stack.use(await testTls());
    const implementation: InnerServiceServer = {
      whoAmI: unary(internalHandler({ callers: ['scheduler'] }), async ({ peer }) => ({ text: peer })),
    };
    const server = createGrpcServer({
      address: '127.0.0.1:0',
      tls: await authority.issue('billing'),
      services: [{ definition: InnerServiceService, implementation }],
      logger: silentLogger,
    });
    stack.use(server);
    address = `127.0.0.1:${await server.listen()}`;
  });
  afterAll(() => stack.disposeAsync());

  async function callAs(tls: { ca: string; cert?: string; key?: string }, peer = 'billing') {
    await using client = createGrpcClient(InnerServiceClient, { address, tls, peer, defaultDeadlineMs: CALL_MS });
    return await client.whoAmI({ text: '' }).then(
      ({ text }) => ({ kind: 'answered' as const, text, reason: undefined }),
      (error: unknown) => ({ text: undefined, reason: undefined, ...readGrpcError(error) }),
    );
  }

  it('know the calling service by its certificate', async () => {
    expect(await callAs(await authority.issue('scheduler'))).toMatchObject({ kind: 'answered', text: 'scheduler' });
  });

  it('refuse a service that is not on their list', async () => {
    expect(await callAs(await authority.issue('workflow'))).toMatchObject({
      kind: 'refused',
      reason: 'PEER_FORBIDDEN',
    });
  });

  it('cannot be reached without a certificate', async () => {
    expect(await callAs({ ca: authority.ca })).toMatchObject({ kind: 'unavailable' });
  });

  it('cannot be reached with a certificate of another authority', async () => {
    await using other = await testTls();
    const { cert, key } = await other.issue('scheduler');
    expect(await callAs({ ca: authority.ca, cert, key })).toMatchObject({ kind: 'unavailable' });
  });

  it('are not called by a client that expected another service', async () => {
    expect(await callAs(await authority.issue('scheduler'), 'gateway')).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a partner listener with TLS', () => {
  it('proves who it is, and takes clients without a certificate', async () => {
    await using authority = await testTls();
    const { ca, cert, key } = await authority.issue('billing');
    await using lab = await startLab({}, { tls: { cert, key } });
    const address = lab.address.replace('127.0.0.1', 'localhost');
    await using client = createGrpcClient(LabServiceClient, { address, tls: { ca }, defaultDeadlineMs: CALL_MS });
    expect(await client.echo({ text: 'hello' })).toEqual({ text: 'hello' });
    await using plain = createGrpcClient(LabServiceClient, { address, defaultDeadlineMs: CALL_MS });
    expect(readGrpcError(await failureOf(plain.echo({ text: '' }))).kind).toBe('unavailable');
  });
});
