export const PHASES = ['pending', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled'] as const;
export type Phase = (typeof PHASES)[number];

/** The machine, as data. A row absent here is a transition that does not exist. */
export const TRANSITIONS = [
  { event: 'bind', from: ['pending'], to: 'starting' },
  { event: 'start', from: ['starting'], to: 'running' },
  { event: 'stop', from: ['starting', 'running'], to: 'stopping' },
  { event: 'requeue', from: ['starting', 'running', 'stopping'], to: 'pending' },
  { event: 'succeed', from: ['starting', 'running'], to: 'succeeded' },
  { event: 'fail', from: ['starting', 'running', 'stopping'], to: 'failed' },
  { event: 'cancel', from: ['pending', 'stopping'], to: 'cancelled' },
] as const satisfies readonly { event: string; from: readonly Phase[]; to: Phase }[];

export type PhaseEvent = (typeof TRANSITIONS)[number]['event'];

const TERMINAL: readonly Phase[] = ['succeeded', 'failed', 'cancelled'];
const CANCELLABLE: readonly Phase[] = ['pending', 'starting', 'running'];

/** The phase after `event`, or undefined when it is not allowed in `phase`. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase | undefined {
  return TRANSITIONS.find((row) => row.event === event && (row.from as readonly Phase[]).includes(phase))?.to;
}

export function isTerminal(phase: Phase): boolean {
  return TERMINAL.includes(phase);
}

/** What a user may do now. */
export function actionsIn(phase: Phase): string[] {
  return CANCELLABLE.includes(phase) ? ['cancel'] : [];
}
