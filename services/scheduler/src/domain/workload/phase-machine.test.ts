import { describe, expect, it } from 'vitest';
import { actionsIn, isTerminal, nextPhase, type Phase, type PhaseEvent, PHASES, TRANSITIONS } from './phase-machine.ts';

const EVENTS = TRANSITIONS.map((row) => row.event);

/** The whole machine, written out by hand: what is not here must not exist. */
const MACHINE: Record<Phase, Partial<Record<PhaseEvent, Phase>>> = {
  pending: { bind: 'starting', cancel: 'cancelled' },
  starting: { start: 'running', stop: 'stopping', requeue: 'pending', succeed: 'succeeded', fail: 'failed' },
  running: { stop: 'stopping', requeue: 'pending', succeed: 'succeeded', fail: 'failed' },
  stopping: { requeue: 'pending', fail: 'failed', cancel: 'cancelled' },
  succeeded: {},
  failed: {},
  cancelled: {},
};

describe('the phase machine', () => {
  it.each(PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const)))('%s on %s', (phase, event) => {
    expect(nextPhase(phase, event)).toBe(MACHINE[phase][event]);
  });

  it('lets nothing out of a terminal phase', () => {
    const ends = PHASES.filter(isTerminal);
    expect(ends).toEqual(['succeeded', 'failed', 'cancelled']);
    expect(
      ends.flatMap((phase) => EVENTS.map((event) => nextPhase(phase, event))).every((to) => to === undefined),
    ).toBe(true);
  });

  it('reaches an end from every phase', () => {
    const reaches = (phase: Phase, seen: readonly Phase[]): boolean =>
      isTerminal(phase) || Object.values(MACHINE[phase]).some((to) => !seen.includes(to) && reaches(to, [...seen, to]));
    expect(PHASES.every((phase) => reaches(phase, [phase]))).toBe(true);
  });

  it('offers a cancel exactly while there is something to cancel', () => {
    expect(PHASES.filter((phase) => actionsIn(phase).includes('cancel'))).toEqual(['pending', 'starting', 'running']);
  });
});
