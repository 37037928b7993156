import { isSameReason, type NoticeCode, reason } from '../job/reason.ts';
import type { Live } from '../workload/attempt.ts';

/** Tells the user something about a job that goes on. The same notice again changes nothing. */
export function notice(live: Live, code: NoticeCode, details: Record<string, string> = {}): Live {
  const next = reason(code, details);
  const { workload } = live;
  if (workload.phase === 'stopping' || isSameReason(workload.reason, next)) return live;
  return { ...live, workload: { ...workload, reason: next, version: workload.version + 1n } };
}

/** Takes a notice back once it is no longer true. */
export function clearNotice(live: Live, code: NoticeCode): Live {
  if (live.workload.reason.code !== code) return live;
  return notice(live, live.workload.phase === 'running' ? 'started' : 'bound');
}
