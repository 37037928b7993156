// A partner's view, over gRPC: exchange the API key for a token, submit a job, watch it to its end. Run with
//   SUANLI_API_KEY=sk_… GATEWAY_GRPC=127.0.0.1:9150 SCHEDULER_GRPC=127.0.0.1:9120 node submit-and-watch.ts
import { randomUUID } from 'node:crypto';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { TokenServiceClient, type ExchangeApiKeyResponse } from '@suanli/proto/suanli/gateway/v1/token.ts';
import {
  type CreateJobResponse,
  JobServiceClient,
  type Job,
  JobSpec,
  type WatchJobResponse,
} from '@suanli/proto/suanli/scheduler/v1/job.ts';

const { SUANLI_API_KEY = '', GATEWAY_GRPC = '', SCHEDULER_GRPC = '' } = process.env;
const within = (seconds: number) => ({ deadline: Date.now() + seconds * 1000 });
const settle =
  <T>(resolve: (value: T) => void, reject: (error: ServiceError) => void) =>
  (error: ServiceError | null, value: T) =>
    error === null ? resolve(value) : reject(error);

const tokens = new TokenServiceClient(GATEWAY_GRPC, credentials.createInsecure());
const { accessToken } = await new Promise<ExchangeApiKeyResponse>((resolve, reject) =>
  tokens.exchangeApiKey({ apiKey: SUANLI_API_KEY }, new Metadata(), within(5), settle(resolve, reject)),
);
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${accessToken}`);

const jobs = new JobServiceClient(SCHEDULER_GRPC, credentials.createInsecure());
const spec = JobSpec.fromPartial({
  name: 'partner-hello',
  command: ['sh', '-c', 'echo hello from $SUANLI_REGION; sleep 2'],
  ...{ taskCount: 1, milliGpus: 250, milliCpus: 100, memoryBytes: 67_108_864n, maxRunSeconds: 60, graceSeconds: 5 },
});
const { job } = await new Promise<CreateJobResponse>((resolve, reject) =>
  jobs.createJob({ requestId: randomUUID(), spec }, metadata, within(10), settle(resolve, reject)),
);
console.log(`submitted ${job?.jobId}`);

let last: Job | undefined;
for await (const { job: now } of jobs.watchJob(
  { jobId: job?.jobId ?? '', afterVersion: 0n },
  metadata,
  within(60),
) as AsyncIterable<WatchJobResponse>) {
  last = now;
  console.log(`${now?.phase} ${now?.reason?.code ?? ''}`);
}
tokens.close();
jobs.close();
process.exitCode = last?.phase === 'succeeded' ? 0 : 1;
