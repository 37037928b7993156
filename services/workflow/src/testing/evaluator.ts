import { createEvaluator } from '../adapters/jq/evaluator.ts';

const LOGGER = { debug() {}, info() {}, warn() {}, error() {}, child: () => LOGGER };

/** The real evaluator, patient: a busy machine must not turn into faults. */
export function testEvaluator(timeLimitMs = 10_000) {
  return createEvaluator({ timeLimitMs, threads: 1, logger: LOGGER });
}
