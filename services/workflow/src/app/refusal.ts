import type { Problem } from '../domain/definition/problems.ts';

/** What a use case says no to. One translator per edge turns it into that edge's words. */
export type Refusal = { kind: 'refused' } & (
  | { reason: 'invalid_definition'; problems: readonly Problem[] }
  | { reason: 'definition_version_exists'; definitionId: string; digest: string }
  | { reason: 'definition_not_found' | 'run_not_found' | 'step_not_found' | 'human_task_not_found' }
  | { reason: 'invalid_input'; detail: string }
  | { reason: 'invalid_decision'; detail: string }
  | { reason: 'invalid_request'; detail: string }
  | { reason: 'request_id_reused' }
  | { reason: 'action_not_allowed'; action: string; allowed: readonly string[] }
  | { reason: 'revision_changed'; revision: number }
  | { reason: 'already_decided'; status: string; action: string; decidedBy: string }
);

type WithoutKind<T> = T extends unknown ? Omit<T, 'kind'> : never;

export function refused(refusal: WithoutKind<Refusal>): Refusal {
  return { kind: 'refused', ...refusal } as Refusal;
}

/** Rolls a transaction back to say no: nothing was written, and the request id stays free. */
export class Refuse extends Error {
  readonly refusal: Refusal;
  constructor(refusal: WithoutKind<Refusal>) {
    super(refusal.reason);
    this.refusal = refused(refusal);
  }
}
