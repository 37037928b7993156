/** A program to start. `env` comes on top of ours. */
export type Run = { program: string; args: string[]; env: Record<string, string> };

/** `liveAttempts` prints what the scheduler runs; absent when its database is not known. */
export type FoundLedger = { liveAttempts?: Run; ledger: Run };

const NODE = ['--disable-warning=ExperimentalWarning'];
const LEDGER = 'services/billing/src/verify.ts';
const LIVE_ATTEMPTS = 'services/scheduler/src/verify.ts';
const WITH_WORKLOADS = ['--workloads', '-'];

/** Where the ledger is, and with it what runs: two services, each of which reads its own tables only. */
export function findLedger(
  env: Readonly<Record<string, string | undefined>>,
  databases: { billing: string; scheduler: string } | undefined,
): FoundLedger {
  const { DATABASE_URL: given, SCHEDULER_DATABASE_URL: givenScheduler } = env;
  const billing = given ?? databases?.billing;
  if (billing === undefined) {
    return {
      liveAttempts: inCompose('scheduler', [LIVE_ATTEMPTS]),
      ledger: inCompose('billing', [LEDGER, ...WITH_WORKLOADS]),
    };
  }
  // A ledger that was named by hand may be any: the scheduler that runs here need not be its own.
  const scheduler = givenScheduler ?? (given === undefined ? databases?.scheduler : undefined);
  if (scheduler === undefined) return { ledger: here(billing, [LEDGER]) };
  return { liveAttempts: here(scheduler, [LIVE_ATTEMPTS]), ledger: here(billing, [LEDGER, ...WITH_WORKLOADS]) };
}

function here(databaseUrl: string, args: readonly string[]): Run {
  return { program: process.execPath, args: [...NODE, ...args], env: { DATABASE_URL: databaseUrl } };
}

function inCompose(service: string, args: readonly string[]): Run {
  return { program: 'docker', args: ['compose', 'exec', '-T', service, 'node', ...NODE, ...args], env: {} };
}
