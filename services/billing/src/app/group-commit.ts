/** Folds the commands of concurrent callers into shared batches: one lock, one set of statements, one flush to disk. */
export interface GroupCommit<Command, Result> {
  /** Resolves with one result per command, in their order, after the batch that they joined has committed. */
  submit(commands: readonly Command[]): Promise<Result[]>;
}

export type GroupCommitOptions<Command, Result> = {
  /** Runs one batch in one transaction; answers in the order of the commands. */
  run(commands: readonly Command[]): Promise<Result[]>;
  /** Commands that callers may fold into one batch; the commands of one call are never torn apart. */
  maxCommands: number;
  /**
   * Batches at once. While all are under way, callers gather for the next one: under load batches grow by themselves, and
   * a lone caller never waits for company.
   */
  maxInFlight: number;
  /** Whether a failed batch may have failed because of one caller's commands, so that each is tried by itself. */
  mayBeOneCallers(error: unknown): boolean;
};

type Caller<Command, Result> = {
  commands: readonly Command[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
};

export function groupCommit<Command, Result>(
  options: GroupCommitOptions<Command, Result>,
): GroupCommit<Command, Result> {
  const waiting: Caller<Command, Result>[] = [];
  let inFlight = 0;

  const drain = () => {
    while (inFlight < options.maxInFlight && waiting.length > 0) {
      inFlight++;
      void runGroup(options, takeGroup(waiting, options.maxCommands)).finally(() => {
        inFlight--;
        drain();
      });
    }
  };
  return {
    submit: (commands) =>
      new Promise((resolve, reject) => {
        waiting.push({ commands, resolve, reject });
        // After this turn of the event loop, so that callers who arrive together travel together.
        setImmediate(drain);
      }),
  };
}

function takeGroup<Command, Result>(waiting: Caller<Command, Result>[], maxCommands: number) {
  let size = 0;
  let callers = 0;
  for (const { commands } of waiting) {
    if (callers > 0 && size + commands.length > maxCommands) break;
    size += commands.length;
    callers++;
  }
  return waiting.splice(0, callers);
}

/** Never rejects: every caller of the group gets its own answer. */
async function runGroup<Command, Result>(
  options: GroupCommitOptions<Command, Result>,
  callers: readonly Caller<Command, Result>[],
): Promise<void> {
  try {
    const results = await options.run(callers.flatMap((caller) => caller.commands));
    let from = 0;
    for (const { commands, resolve } of callers) {
      resolve(results.slice(from, from + commands.length));
      from += commands.length;
    }
  } catch (error) {
    if (callers.length > 1 && options.mayBeOneCallers(error)) {
      for (const caller of callers) await runGroup(options, [caller]);
      return;
    }
    for (const caller of callers) caller.reject(error);
  }
}
