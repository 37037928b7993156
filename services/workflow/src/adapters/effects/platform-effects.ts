import { type ClientTls, createGrpcClient } from '@suanli/grpc-kit';
import { InferenceServiceClient } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { HubServiceClient } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import { WorkloadServiceClient } from '@suanli/proto/suanli/scheduler/internal/v1/jobs.ts';
import type { EffectOutcome, Effects } from '../../app/ports.ts';
import { isObject } from '../../domain/json.ts';
import { faults } from '../../domain/run/workflow-error.ts';
import { completeChat } from './chat.ts';
import { type Effect, outcomeOf } from './effect.ts';
import { collectJob, stopJob, submitJob } from './job.ts';
import { searchCorpus } from './search.ts';

export type PlatformEffectsOptions = {
  gatewayAddress: string;
  schedulerAddress: string;
  modelHubAddress: string;
  tls: ClientTls;
  defaultModel: string;
};

const DEFAULT_DEADLINE_MS = 20_000;

/** The catalogued functions, done by the other services over internal gRPC. */
export function platformEffects(options: PlatformEffectsOptions): Effects & AsyncDisposable {
  const { tls, defaultModel } = options;
  const base = { tls, defaultDeadlineMs: DEFAULT_DEADLINE_MS };
  const inference = createGrpcClient(InferenceServiceClient, {
    ...base,
    address: options.gatewayAddress,
    peer: 'gateway',
  });
  const hub = createGrpcClient(HubServiceClient, { ...base, address: options.modelHubAddress, peer: 'model-hub' });
  const workloads = createGrpcClient(WorkloadServiceClient, {
    ...base,
    address: options.schedulerAddress,
    peer: 'scheduler',
  });

  async function begin(effect: Effect, signal: AbortSignal): Promise<EffectOutcome> {
    const given = isObject(effect.step.arguments) ? effect.step.arguments : {};
    const { function: called } = effect.step;
    if (called === undefined || called === 'human.review') {
      return { kind: 'failed', error: faults.configuration(`${effect.step.name} is no effect`) };
    }
    switch (called) {
      case 'llm.chat':
        return completeChat(inference, defaultModel, effect, given, signal);
      case 'retrieve.search':
        return searchCorpus(hub, effect, given, signal);
      case 'job.run':
        return submitJob(workloads, effect, given, signal);
    }
  }

  return {
    perform: (effect, signal) => begin(effect, signal).catch(outcomeOf),
    async collect(effect, signal) {
      const given = isObject(effect.step.arguments) ? effect.step.arguments : {};
      return collectJob(workloads, effect, given, signal).catch(outcomeOf);
    },
    stopJob: (effect) => stopJob(workloads, effect),
    async [Symbol.asyncDispose]() {
      await Promise.all([inference, hub, workloads].map((client) => client[Symbol.asyncDispose]()));
    },
  };
}
