import type { Asking } from '../../domain/engine/question.ts';
import type { Evaluator } from '../ports.ts';

/** Runs a computation of the engine to its end, answering what it asks. No transaction is open meanwhile. */
export async function drive<T>(asking: Asking<T>, evaluator: Pick<Evaluator, 'answer'>): Promise<T> {
  let turn = asking.next();
  while (!turn.done) turn = asking.next(await evaluator.answer(turn.value));
  return turn.value;
}
