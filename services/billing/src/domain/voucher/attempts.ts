import type { Instant } from '@suanli/kernel';

/** Codes that an account tried in vain in its present window. */
export type Attempts = { windowFrom: Instant; failures: number };

export const ATTEMPT_WINDOW_MS = 3_600_000;
/** With 85 bits of chance in a code, this many tries an hour find nothing. */
export const MAX_FAILURES = 10;

/** How long until codes are taken from it again; 0 when they are. */
export function blockedForMs(attempts: Attempts | undefined, now: Instant): number {
  if (attempts === undefined || attempts.failures < MAX_FAILURES || hasPassed(attempts, now)) return 0;
  return attempts.windowFrom + ATTEMPT_WINDOW_MS - now;
}

/** After one more failure; a window opens with its first. */
export function withFailure(attempts: Attempts | undefined, now: Instant): Attempts {
  if (attempts === undefined || hasPassed(attempts, now)) return { windowFrom: now, failures: 1 };
  return { ...attempts, failures: attempts.failures + 1 };
}

/** A window that lies ahead was written by a clock that has gone back since: it counts for what is left of it. */
function hasPassed({ windowFrom }: Attempts, now: Instant): boolean {
  return windowFrom + ATTEMPT_WINDOW_MS <= now;
}
