import type { FoundExpression } from '../../domain/definition/problems.ts';
import type { Answer, Question } from '../../domain/engine/question.ts';
import type { Problem } from '../../domain/definition/problems.ts';

/** What goes to the worker thread and comes back. One request at a time. */
export type WorkerRequest =
  | { kind: 'answer'; question: Question }
  | { kind: 'check'; expressions: readonly FoundExpression[] };

export type WorkerReply =
  | { kind: 'ready' }
  | { kind: 'answered'; answer: Answer }
  | { kind: 'checked'; problems: Problem[] };
