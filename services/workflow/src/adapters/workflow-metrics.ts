import type { Metrics } from '@suanli/service-kit';
import type { Reconciled } from '../app/steps/reconcile.ts';
import type { StepResult } from '../app/steps/run-step.ts';

export type WorkflowMetrics = {
  step(result: StepResult, durationMs: number): void;
  reconciled(what: Reconciled): void;
};

export function workflowMetrics(metrics: Metrics): WorkflowMetrics {
  const steps = metrics.histogram('suanli_workflow_step_seconds', 'Work on a step from claim to commit', ['result']);
  const looked = metrics.counter('suanli_workflow_reconciled_total', 'Steps that the reconciler had to look after', [
    'what',
  ]);
  return {
    step: (result, durationMs) => steps.observe({ result }, durationMs / 1000),
    reconciled(what) {
      for (const [name, count] of Object.entries(what)) if (count > 0) looked.inc({ what: name }, count);
    },
  };
}
