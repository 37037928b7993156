import type { ReviewAction } from '../definition/functions.ts';
import type { Run } from '../run/run.ts';
import type { Step } from '../run/step.ts';

export const INTERVENTIONS = ['edit', 'redo', 'skip', 'fork', 'approve', 'reject'] as const;
export type Intervention = (typeof INTERVENTIONS)[number];

export function isIntervention(value: string): value is Intervention {
  return INTERVENTIONS.some((action) => action === value);
}

/** What a person may do to a step now. A step at work is let finish first, unless the run is cancelled. */
export function actionsOn(
  run: Pick<Run, 'status'>,
  step: Pick<Step, 'status'>,
  asked: readonly ReviewAction[] | undefined,
): readonly Intervention[] {
  if (step.status === 'superseded' || step.status === 'ready' || step.status === 'running') return [];
  if (run.status === 'cancelled') return ['fork'];
  if (asked !== undefined) return [...asked, 'skip', 'fork'];
  return ['edit', 'redo', 'skip', 'fork'];
}
