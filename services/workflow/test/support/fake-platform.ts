import { createGrpcServer, grpcError, internalHandler, invalidArgument, unary, unavailable } from '@suanli/grpc-kit';
import * as gateway from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import * as hub from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import * as jobs from '@suanli/proto/suanli/scheduler/internal/v1/jobs.ts';
import { Job } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import { silentLogger, type TestTls } from '@suanli/test-kit';

/** The other services as the workflow service sees them: they remember what they were asked, and answer once per key. */
export type FakePlatform = AsyncDisposable & {
  addresses: { gateway: string; modelHub: string; scheduler: string };
  chats: gateway.CompleteChatRequest[];
  searches: hub.SearchForTenantRequest[];
  submitted: jobs.SubmitJobRequest[];
  stopped: string[];
  /** What a model says; may wait, to hold a step in its effect. */
  write: (request: gateway.CompleteChatRequest, signal: AbortSignal) => Promise<string> | string;
  endJob(jobId: string, phase: 'succeeded' | 'failed', exitCode: number): void;
};

export async function fakePlatform(tls: TestTls): Promise<FakePlatform> {
  const stack = new AsyncDisposableStack();
  const ends = new Map<string, { phase: string; exitCode: number }>();
  const answers = new Map<string, gateway.CompleteChatResponse>();
  const jobIds = new Map<string, string>();
  const fake: FakePlatform = {
    addresses: { gateway: '', modelHub: '', scheduler: '' },
    chats: [],
    searches: [],
    submitted: [],
    stopped: [],
    write: (request) => `An answer to: ${request.messages.at(-1)?.content.split('\n')[0] ?? ''}`,
    endJob: (jobId, phase, exitCode) => void ends.set(jobId, { phase, exitCode }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  const access = internalHandler({ callers: ['workflow'] });

  const inference: gateway.InferenceServiceServer = {
    completeChat: unary(
      access,
      async (ctx, request) => {
        fake.chats.push(request);
        if (request.model === 'no-such-model') throw grpcError(invalidArgument('MODEL_NOT_FOUND', 'no such model'));
        if (request.model === 'away') throw grpcError(unavailable('UPSTREAM_FAILED', 'the upstream is away'));
        const known = answers.get(request.requestId);
        if (known) return known;
        const content = await fake.write(request, ctx.signal);
        const answer = {
          content,
          finishReason: 'stop',
          inputTokens: 1,
          outputTokens: 1,
          usageId: 'use_1',
          model: request.model,
        };
        answers.set(request.requestId, answer);
        return answer;
      },
      { maxDurationMs: 120_000 },
    ),
  };
  const corpora: hub.HubServiceServer = {
    searchForTenant: unary(access, async (_ctx, request) => {
      fake.searches.push(request);
      const query = request.search?.query ?? '';
      const hit = { documentId: 'doc_1', documentName: 'notes.md', chunkIndex: 0, fromChar: 0, toChar: 9, score: 1 };
      return { hits: [{ ...hit, text: `A passage on ${query}.` }] };
    }),
    snapshotRoutes: unary(access, async () => ({ routes: [] })),
    resolveRevision: unary(access, async () => ({ repositoryId: '', revision: '' })),
  };
  const jobOf = (jobId: string) => {
    const end = ends.get(jobId);
    const tasks = end ? [{ index: 0, phase: end.phase, exitCode: end.exitCode }] : [];
    return Job.fromPartial({ jobId, phase: end?.phase ?? 'running', attempts: [{ epoch: 1, tasks }] });
  };
  const workloads: jobs.WorkloadServiceServer = {
    submitJob: unary(access, async (_ctx, request) => {
      const jobId = jobIds.get(request.requestId) ?? `job_${jobIds.size + 1}`;
      if (!jobIds.has(request.requestId)) fake.submitted.push(request);
      jobIds.set(request.requestId, jobId);
      return { job: jobOf(jobId) };
    }),
    readJob: unary(access, async (_ctx, { jobId }) => ({ job: jobOf(jobId) })),
    stopJob: unary(access, async (_ctx, { jobId }) => {
      fake.stopped.push(jobId);
      return { job: jobOf(jobId) };
    }),
    readLogTail: unary(access, async (_ctx, { jobId }) => ({ data: Buffer.from(`log of ${jobId}\n`) })),
  };

  const serve = async (name: string, service: Parameters<typeof createGrpcServer>[0]['services'][number]) => {
    const options = { address: '127.0.0.1:0', tls: await tls.issue(name), services: [service], logger: silentLogger };
    return `127.0.0.1:${await stack.use(createGrpcServer(options)).listen()}`;
  };
  fake.addresses.gateway = await serve('gateway', {
    definition: gateway.InferenceServiceService,
    implementation: inference,
  });
  fake.addresses.modelHub = await serve('model-hub', { definition: hub.HubServiceService, implementation: corpora });
  fake.addresses.scheduler = await serve('scheduler', {
    definition: jobs.WorkloadServiceService,
    implementation: workloads,
  });
  return fake;
}
