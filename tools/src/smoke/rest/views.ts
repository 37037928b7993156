// What the smoke reads of the answers; the whole of them is in docs/openapi. Money and 64-bit numbers are strings.

export type Reason = { code: string; message: string };
export type Wallet = { posted_micros: string; pending_micros: string; available_micros: string };
export type Hold = { id: string; status: string; purpose: { kind: string; id: string } };
export type Price = {
  id: string;
  meter: string;
  region: string;
  item: string;
  amount_micros: string;
  per_quantity: string;
};
export type BillLine = {
  id: string;
  resource: { kind: string; id: string };
  meter: string;
  region: string;
  item: string;
  quantity: string;
  amount_micros: string;
  price: { id: string; amount_micros: string; per_quantity: string };
};
export type TaskView = { index: number; phase: string; exit_code?: number; started_at?: string; finished_at?: string };
export type AttemptView = {
  epoch: number;
  region: string;
  sku: string;
  phase: string;
  charged_ms: string;
  hold_id: string;
  tasks: TaskView[];
};
export type Job = {
  id: string;
  spec: { name: string; milli_gpus: number; milli_cpus: number };
  phase: string;
  reason?: Reason;
  epoch: number;
  attempts: AttemptView[];
  queue_position?: number;
  version: string;
};
export type Quote = {
  options: { region: string; sku: string; expected_total_micros: string; hold_micros: string; fits_now: boolean }[];
};
export type Repository = { id: string; kind: string; name: string; head_revision?: string };
export type CommitFile = { path: string; sha256: string; size_bytes: string };

const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

export function hasEnded(job: Job): boolean {
  return ENDED.has(job.phase);
}
