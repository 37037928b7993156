import { createGrpcServer, internalHandler, notFound, refuse, unary, unavailable } from '@suanli/grpc-kit';
import { type JobKeyServiceServer, JobKeyServiceService } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { type HubServiceServer, HubServiceService } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import { silentLogger, type TestTls } from '@suanli/test-kit';

async function listen(tls: TestTls, peer: string, service: Parameters<typeof createGrpcServer>[0]['services'][number]) {
  const { ca, cert, key } = await tls.issue(peer);
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    tls: { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) },
    services: [service],
    logger: silentLogger,
  });
  return { server, address: `127.0.0.1:${await server.listen()}` };
}

/** Keys of jobs, as the gateway makes and forgets them. */
export async function startFakeGateway(tls: TestTls) {
  const keys = new Map<string, string>();
  const state = { isDown: false, issued: 0 };
  const access = internalHandler({ callers: ['scheduler'] });
  const down = () => refuse(unavailable('DOWN', 'the gateway is away'));
  const implementation: JobKeyServiceServer = {
    issueJobKey: unary(access, async (_ctx, { jobId, epoch }) => {
      if (state.isDown) return down();
      state.issued += 1;
      const key = `sjk_${jobId}_${epoch}_${state.issued}`;
      keys.set(`${jobId}:${epoch}`, key);
      return { key, keyId: key };
    }),
    revokeJobKey: unary(access, async (_ctx, { jobId, epoch }) => {
      if (state.isDown) return down();
      keys.delete(`${jobId}:${epoch}`);
      return {};
    }),
  };
  const { server, address } = await listen(tls, 'gateway', { definition: JobKeyServiceService, implementation });
  return { address, keys, state, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** One repository, `rep_known`, whose head is `rev_7`. */
export async function startFakeHub(tls: TestTls) {
  const access = internalHandler({ callers: ['scheduler'] });
  const noRepository = notFound('REPOSITORY_NOT_FOUND', 'no such repository');
  const implementation: HubServiceServer = {
    searchForTenant: unary(access, async () => ({ hits: [] })),
    snapshotRoutes: unary(access, async () => ({ routes: [] })),
    resolveRevision: unary(access, async (_ctx, { repositoryId, revision }) =>
      repositoryId === 'rep_known'
        ? { repositoryId, revision: revision === '' || revision === 'main' ? 'rev_7' : revision }
        : refuse(noRepository),
    ),
  };
  const { server, address } = await listen(tls, 'model-hub', { definition: HubServiceService, implementation });
  return { address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
