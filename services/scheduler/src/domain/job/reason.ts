/** Why a job waits: the closed set a user sees. */
export const WAITING_CODES = [
  'queued',
  'waiting_for_capacity',
  'requested_skus_busy',
  'waiting_for_cluster',
  'waiting_for_funds',
  'account_suspended',
  'requeued',
] as const;
export type WaitingCode = (typeof WAITING_CODES)[number];

/** Why a job stops or ended. */
export const ENDING_CODES = [
  'completed',
  'cancelled',
  'task_failed',
  'start_failed',
  'out_of_memory',
  'mount_failed',
  'publish_failed',
  'max_run_time',
  'funds_exhausted',
  'account_suspended',
  'agent_lost',
] as const;
export type EndingCode = (typeof ENDING_CODES)[number];

/** What a bound job should know: it changes no phase by itself. */
export const NOTICE_CODES = ['bound', 'started', 'funds_running_out', 'cluster_unreachable'] as const;
export type NoticeCode = (typeof NOTICE_CODES)[number];

export type ReasonCode = WaitingCode | EndingCode | NoticeCode;

/** A stable code, words for a person, facts for a program. */
export type Reason = { code: ReasonCode; message: string; details: Record<string, string> };

const MESSAGES: Record<ReasonCode, string> = {
  queued: 'Accepted; not looked at yet.',
  waiting_for_capacity: 'No cluster has room for it now.',
  requested_skus_busy: 'The SKUs that it asks for are in use.',
  waiting_for_cluster: 'No cluster that it may run on is online.',
  waiting_for_funds: 'The wallet does not cover its first minutes.',
  requeued: 'Its cluster or task was lost; it starts again.',
  completed: 'Every task ended with exit code 0.',
  cancelled: 'Cancelled on request.',
  task_failed: 'A task ended with an error.',
  start_failed: 'A task could not be started.',
  out_of_memory: 'A task used more memory than it asked for.',
  mount_failed: 'An input could not be brought to the task.',
  publish_failed: 'An output could not be committed.',
  max_run_time: 'It reached its longest run time.',
  funds_exhausted: 'The wallet ran dry.',
  account_suspended: 'The account is in arrears; money restores it.',
  agent_lost: 'Its cluster or task was lost too often.',
  bound: 'It has capacity and money; its cluster prepares it.',
  started: 'It runs.',
  funds_running_out: 'The wallet does not cover what comes next: it stops at funded_until.',
  cluster_unreachable: 'Its cluster is cut off; it goes on alone for the grace it asked for.',
};

export function reason(code: ReasonCode, details: Record<string, string> = {}): Reason {
  return { code, message: MESSAGES[code], details };
}

export function isSameReason(a: Reason | undefined, b: Reason | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = Object.keys(a.details);
  return (
    a.code === b.code &&
    keys.length === Object.keys(b.details).length &&
    keys.every((key) => a.details[key] === b.details[key])
  );
}
