// What the smoke reads of runs, their steps and what they ask of a person.
import type { Reason } from './views.ts';

export type Run = {
  id: string;
  status: string;
  reason?: Reason;
  cost_micros: string;
  sequence: string;
  output?: unknown;
};
export type Step = {
  id: string;
  name: string;
  function?: string;
  revision: number;
  status: string;
  input?: unknown;
  output?: unknown;
  cost_micros: string;
};
export type HumanTask = { id: string; title: string; subject?: unknown; actions: string[] };
