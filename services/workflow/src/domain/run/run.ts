import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { Json } from '../json.ts';
import type { WorkflowError } from './workflow-error.ts';

export type RunStatus = 'pending' | 'running' | 'waiting' | 'completed' | 'faulted' | 'cancelled';

/** `none`: human.review approves itself; `every_step`: each effect is also judged before the run goes on. */
export const REVIEW_MODES = ['as_defined', 'every_step', 'none'] as const;
export type ReviewMode = (typeof REVIEW_MODES)[number];

export function isReviewMode(value: string): value is ReviewMode {
  return REVIEW_MODES.some((mode) => mode === value);
}

export type Run = {
  id: string;
  tenant: TenantPath;
  definitionId: string;
  definitionDigest: string;
  status: RunStatus;
  error?: WorkflowError;
  /** As it was given, before `input.from`. */
  input: Json;
  output?: Json;
  review: ReviewMode;
  costMicros: Micros;
  /** The current version of `$context`, and how many there have been. */
  contextVersion: number;
  contextCount: number;
  /** Steps made so far: the next ordinal. */
  stepCount: number;
  /** Of the newest journal entry. */
  sequence: bigint;
  /** Rises with every transition: what was computed from an older one is not committed. */
  version: bigint;
  forkedFrom?: { runId: string; stepId: string };
  createdAt: Instant;
  finishedAt?: Instant;
};

export function isEnded(status: RunStatus): boolean {
  return status === 'completed' || status === 'faulted' || status === 'cancelled';
}
