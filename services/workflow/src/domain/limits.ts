/** Every bound of the engine, with its unit. A definition may lower those that it names; none can be lifted. */

export const MAX_SOURCE_BYTES = 256 * 1024;
/** Input and output of a run, and of each step. */
export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_NAME_CHARS = 63;
export const MAX_EXPRESSION_CHARS = 8 * 1024;
export const MAX_COMMENT_CHARS = 8 * 1024;
export const MAX_DETAIL_CHARS = 2_000;

/** Tasks of one definition, at all depths. */
export const MAX_TASKS = 500;
/** How deep `do`, `for`, `try` and `fork` may hold each other. */
export const MAX_NESTING = 16;
export const MAX_BRANCHES = 32;

/** Steps that one run may make; loops, retries and jumps all count. */
export const MAX_STEPS_PER_RUN = 10_000;
/** Rounds of one `for`, unless `metadata.maxIterations` says fewer. */
export const MAX_ITERATIONS = 1_000;
/** How often one scope may go back to an earlier task through `then`. */
export const MAX_JUMPS = 100;
/** Retries of one `try` when its policy names no count, and the most that it may name. */
export const DEFAULT_RETRIES = 5;
export const MAX_RETRIES = 100;
export const MAX_WAIT_MS = 366 * 86_400_000;
/** Tasks without an effect that one transition may run through before it commits and goes on in the next. */
export const MAX_TASKS_PER_TRANSITION = 50;
