import type { ServiceDefinition, UntypedHandleCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  createGrpcServer,
  createTokenVerifier,
  internalHandler,
  type GrpcService,
  publicHandler,
  refuse,
  type Refused,
  serverStream,
  unary,
  unavailable,
} from '@suanli/grpc-kit';
import { type CallContext, systemContext } from '@suanli/kernel';
import { silentLogger, type TlsIdentity } from '@suanli/test-kit';

/** What a fake answers; methods that are not given refuse as UNAVAILABLE. Typed by the generated server interfaces. */
export type Answers = {
  [method: string]:
    | ((ctx: CallContext, request: never) => Promise<unknown>)
    | ((ctx: CallContext, request: never) => AsyncGenerator<unknown, Refused | void, void>);
};

export type FakeServices = AsyncDisposable & { address: string };

/** One listener with the public packages of a service, which verifies the gateway's tokens as a real one does. */
export async function fakeServices(options: {
  tls: TlsIdentity;
  jwksUrl: () => string;
  services: readonly { definition: ServiceDefinition; answers: Answers }[];
  port?: number;
}): Promise<FakeServices> {
  let verifier: ReturnType<typeof createTokenVerifier> | undefined;
  // The gateway's address is known only once it runs.
  const late = {
    verify: (token: string) => (verifier ??= createTokenVerifier({ jwksUrl: options.jwksUrl() })).verify(token),
  };
  const { ca, cert, key } = options.tls;
  const server = createGrpcServer({
    address: `127.0.0.1:${options.port ?? 0}`,
    tls: { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) },
    services: options.services.map((service) => fake(service, late)),
    logger: silentLogger,
  });
  const port = await server.listen();
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Internal packages carry no tenant in the call. */
const NOBODY = systemContext({ accountId: '', workspaceId: '', principalId: '' }, 'fake', new AbortController().signal);

function fake(
  { definition, answers }: { definition: ServiceDefinition; answers: Answers },
  verifier: Parameters<typeof publicHandler>[0],
): GrpcService {
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const answer = answers[name];
    if (method.path.includes('.internal.')) {
      implementation[name] = unary(internalHandler({ callers: ['gateway'] }), async (_peer, request: never) =>
        answer ? ((await answer(NOBODY, request)) as object) : refuse(unavailable('NOT_FAKED', method.path)),
      ) as unknown as UntypedHandleCall;
      continue;
    }
    const access = publicHandler(verifier, { scope: scopeOf(method.path) });
    implementation[name] = method.responseStream
      ? (serverStream(access, async function* (ctx, request: never) {
          if (!answer) return refuse(unavailable('NOT_FAKED', method.path));
          return yield* answer(ctx, request) as AsyncGenerator<unknown, Refused | void, void>;
        }) as unknown as UntypedHandleCall)
      : (unary(access, async (ctx, request: never) =>
          answer ? ((await answer(ctx, request)) as object) : refuse(unavailable('NOT_FAKED', method.path)),
        ) as unknown as UntypedHandleCall);
  }
  return { definition, implementation };
}

/** The scope that the real service asks for is its own matter; fakes take whatever a token carries. */
function scopeOf(path: string): string {
  const board = path.split('.')[1] ?? '';
  const boards: Record<string, string> = {
    billing: 'billing',
    scheduler: 'jobs',
    workflow: 'workflows',
    modelhub: 'hub',
  };
  return `${boards[board] ?? board}:read`;
}
