import {
  aborted,
  alreadyExists,
  failedPrecondition,
  type GrpcRefusal,
  invalidArgument,
  notFound,
} from '@suanli/grpc-kit';
import type { Refusal } from '../../app/refusal.ts';
import type { Problem } from '../../domain/definition/problems.ts';

/** Problems named in an error: the wire carries so many and no more. */
const MAX_SHOWN = 12;

/** The only place that knows status codes. */
export function toGrpcRefusal(refusal: Refusal): GrpcRefusal {
  switch (refusal.reason) {
    case 'invalid_definition':
      return invalidDefinition(refusal.problems);
    case 'definition_version_exists': {
      const { definitionId, digest } = refusal;
      const message = 'this name and version exist with another content; give it a new version';
      return alreadyExists(refusal.reason, message, { definition_id: definitionId, digest });
    }
    case 'definition_not_found':
      return notFound(refusal.reason, 'no such definition');
    case 'run_not_found':
      return notFound(refusal.reason, 'no such run');
    case 'step_not_found':
      return notFound(refusal.reason, 'no such step');
    case 'human_task_not_found':
      return notFound(refusal.reason, 'no such human task');
    case 'invalid_input':
    case 'invalid_decision':
    case 'invalid_request':
      return invalidArgument(refusal.reason, refusal.detail);
    case 'request_id_reused':
      return alreadyExists(refusal.reason, 'this request id was used with another body');
    case 'action_not_allowed': {
      const allowed = refusal.allowed.join(',');
      return failedPrecondition(refusal.reason, `${refusal.action} is not possible now`, { allowed });
    }
    case 'revision_changed':
      return aborted(refusal.reason, 'the step has moved on; look at it again', { revision: refusal.revision });
    case 'already_decided': {
      const { status, action, decidedBy } = refusal;
      return failedPrecondition(refusal.reason, `this was ${status} before`, { status, action, decided_by: decidedBy });
    }
  }
}

/** `problem_1: "/do/0/draft/with: llm.chat needs …"`; the message tells the first and how many there are. */
function invalidDefinition(problems: readonly Problem[]): GrpcRefusal {
  const [first] = problems;
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const shown = problems.slice(0, MAX_SHOWN).map((p, i) => [`problem_${i + 1}`, `${p.pointer || '/'}: ${p.message}`]);
  const message = `${first?.pointer || '/'}: ${first?.message ?? 'not a definition'}${others}`;
  return invalidArgument('INVALID_DEFINITION', message, { problems: problems.length, ...Object.fromEntries(shown) });
}
