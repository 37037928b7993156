import { systemClock } from '@suanli/kernel';

const DEFAULT_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/**
 * Calls `check` until it neither throws nor returns false, and returns what it returned; after `timeoutMs` the last
 * failure is thrown. The one way to wait in a test for something that happens elsewhere.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { timeoutMs?: number } = {},
): Promise<Exclude<T, false>> {
  const deadlineMs = systemClock.monotonicMs() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  for (;;) {
    const failure = await attempt(check);
    if ('value' in failure) return failure.value;
    if (systemClock.monotonicMs() > deadlineMs) throw failure.error;
    await systemClock.sleep(POLL_MS);
  }
}

async function attempt<T>(check: () => T | Promise<T>): Promise<{ value: Exclude<T, false> } | { error: unknown }> {
  try {
    const value = await check();
    if (value === false) return { error: new Error('the condition stayed false') };
    return { value: value as Exclude<T, false> };
  } catch (error) {
    return { error };
  }
}
