/** One kind of error: its HTTP status and what to do about it. `retryable`: the same request may succeed later. */
export type ProblemKind = { status: number; title: string; docs: string; retryable?: true };

export const p = (status: number, title: string, docs: string): ProblemKind => ({ status, title, docs });
export const r = (status: number, title: string, docs: string): ProblemKind => ({
  status,
  title,
  docs,
  retryable: true,
});
