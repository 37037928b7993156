import {
  createGrpcClient,
  createGrpcServer,
  createTokenVerifier,
  publicHandler,
  readGrpcError,
  serverStream,
  unary,
} from '@suanli/grpc-kit';
import { silentLogger, type TestTokens, testTokens } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabServiceClient, type LabServiceServer, LabServiceService } from './lab-service.ts';
import { CALL_MS, collect } from './lab.ts';

const tenant = { accountId: 'acc_1', subAccountId: 'sac_1', workspaceId: 'wsp_1', principalId: 'key_1' };
const HOUR_MS = 3_600_000;

describe('public methods', () => {
  const stack = new AsyncDisposableStack();
  let tokens: TestTokens;
  let client: ReturnType<typeof createGrpcClient<typeof LabServiceService>>;

  beforeAll(async () => {
    tokens = stack.use(await testTokens());
    const verifier = createTokenVerifier({ jwksUrl: tokens.jwksUrl });
    const implementation: LabServiceServer = {
      echo: unary(publicHandler(verifier, { scope: 'lab:write' }), async (ctx) => ({
        text: JSON.stringify(ctx.tenant),
      })),
      count: serverStream(
        publicHandler(verifier, { scope: 'lab:read', roles: ['operator', 'viewer'] }),
        async function* () {
          yield { value: 1, padding: '' };
        },
      ),
    };
    const services = [{ definition: LabServiceService, implementation }];
    const server = stack.use(createGrpcServer({ address: '127.0.0.1:0', services, logger: silentLogger }));
    const address = `127.0.0.1:${await server.listen()}`;
    client = stack.use(createGrpcClient(LabServiceClient, { address, defaultDeadlineMs: CALL_MS }));
  });
  afterAll(() => stack.disposeAsync());

  const reasonOf = (call: Promise<unknown>) =>
    call.then(
      () => 'answered',
      (error: unknown) => readGrpcError(error).reason,
    );
  const echoReason = (token?: string) => reasonOf(client.echo({ text: '' }, token === undefined ? {} : { token }));
  const countReason = (token: string) => reasonOf(collect(client.count({ upTo: 1, paddingChars: 0 }, { token })));

  it('take the tenant from the token and from nowhere else', async () => {
    const { text } = await client.echo({ text: '' }, { token: await tokens.mint({ tenant }) });
    expect(JSON.parse(text)).toEqual(tenant);
  });

  it('refuse a call without a token', async () => expect(await echoReason()).toBe('TOKEN_MISSING'));

  it('refuse an expired token', async () =>
    expect(await echoReason(await tokens.mint({ tenant, expiresInMs: -60_000 }))).toBe('TOKEN_EXPIRED'));

  it('refuse a forged token', async () =>
    expect(await echoReason(await tokens.forge({ tenant }))).toBe('TOKEN_INVALID'));

  it('refuse what is no token', async () => expect(await echoReason('hello')).toBe('TOKEN_INVALID'));

  it('refuse a token for another audience', async () =>
    expect(await echoReason(await tokens.mint({ tenant, audience: 'elsewhere' }))).toBe('TOKEN_INVALID'));

  it('refuse a token of another issuer', async () =>
    expect(await echoReason(await tokens.mint({ tenant, issuer: 'elsewhere' }))).toBe('TOKEN_INVALID'));

  it('refuse a token that lives longer than five minutes', async () =>
    expect(await echoReason(await tokens.mint({ tenant, expiresInMs: HOUR_MS }))).toBe('TOKEN_INVALID'));

  it('refuse a token without the scope, and name the scope', async () => {
    const token = await tokens.mint({ tenant, scopes: ['lab:read'] });
    const error = readGrpcError(await client.echo({ text: '' }, { token }).catch((failure: unknown) => failure));
    expect(error).toMatchObject({ kind: 'refused', reason: 'SCOPE_MISSING', metadata: { scope: 'lab:write' } });
  });

  it('let a viewer read but never write, whatever its scopes', async () => {
    const token = await tokens.mint({ tenant, role: 'viewer' });
    expect(await echoReason(token)).toBe('ROLE_FORBIDDEN');
    expect(await countReason(token)).toBe('answered');
  });

  it('refuse a role that is not on their list', async () =>
    expect(await countReason(await tokens.mint({ tenant, role: 'owner' }))).toBe('ROLE_FORBIDDEN'));
});
