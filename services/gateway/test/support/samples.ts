import type { Job } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { Wallet } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import type { Run } from '@suanli/proto/suanli/workflow/v1/workflow.ts';

/** Answers of services as they may come, for fakes. */

export function aJob(fields: Partial<Job> = {}): Job {
  return {
    jobId: 'job_1',
    spec: {
      name: 'train',
      command: ['node', 'train.mjs'],
      env: {},
      workingDir: '',
      taskCount: 1,
      milliGpus: 1_000,
      milliCpus: 1_000,
      memoryBytes: 2n ** 40n,
      skus: [],
      regions: [],
      maxRunSeconds: 60,
      maxRequeues: 0,
      graceSeconds: 1,
      mounts: [],
      priority: 0,
      onDisconnect: 'kill',
      disconnectGraceSeconds: 0,
      externalKey: '',
    },
    phase: 'pending',
    reason: { code: 'waiting_for_capacity', message: 'all GPUs are taken', details: {} },
    epoch: 0,
    attempts: [],
    actions: ['cancel'],
    createdAt: new Date('2026-01-01T00:00:00Z'),
    version: 1n,
    queuePosition: 3,
    ...fields,
  };
}

export function aWallet(fields: Partial<Wallet> = {}): Wallet {
  return {
    walletId: 'wal_1',
    accountId: 'acc_1',
    currency: 'CNY',
    postedMicros: 9_007_199_254_740_993n,
    pendingMicros: 1n,
    availableMicros: 9_007_199_254_740_992n,
    overdraftMicros: 0n,
    cashMicros: 9_007_199_254_740_992n,
    cashReservedMicros: 1n,
    creditMicros: 1n,
    creditReservedMicros: 0n,
    status: 'active',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    ...fields,
  };
}

export function aRun(fields: Partial<Run> = {}): Run {
  return {
    runId: 'run_1',
    definitionId: 'def_1',
    definitionDigest: 'sha256:0',
    status: 'running',
    inputJson: '{"topic":"tea"}',
    outputJson: '',
    review: 'as_defined',
    costMicros: 0n,
    currency: 'CNY',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    forkedFromRunId: '',
    forkedFromStepId: '',
    sequence: 0n,
    actions: ['cancel'],
    ...fields,
  };
}
