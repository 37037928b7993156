import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aHold, NOW } from '../../testing/builders.ts';
import type { Hold } from './hold.ts';
import { type LiveAttempt, MATCH_SLACK_MS, matchWorkloads } from './match-workloads.ts';

const LATER = NOW + 10 * 60_000;
const MATCHED = { holdsWithoutWork: [], workWithoutHold: [] };
const running: LiveAttempt = { workloadId: 'job_1', epoch: 1, phase: 'running', holdId: 'hld_1' };

describe('holds and the work that they pay for', () => {
  it.each<[string, Hold[], LiveAttempt[]]>([
    ['belong to each other', [aHold()], [running]],
    ['may be known to billing first, while the attempt is reserved', [aHold()], [{ ...running, phase: 'reserved' }]],
    [
      'are let go of when the attempt has ended and the hold is yet to be closed',
      [aHold()],
      [{ ...running, phase: 'ended' }],
    ],
    ['need not both be there once it was closed', [], [{ ...running, phase: 'ended' }]],
    ['are not judged while the hold waits for its last usage', [aHold({ status: 'closed', awaitsUsageId: 'u' })], []],
    ['are not judged once the hold has expired and waits for late usage', [aHold({ expiresAt: LATER })], []],
    ['are not judged when the hold was placed after the scheduler was asked', [aHold({ createdAt: LATER })], []],
    [
      'are not judged when the hold was resolved meanwhile',
      [aHold({ status: 'closed', resolvedAt: LATER })],
      [running],
    ],
    ['concern jobs alone', [aHold({ purpose: { kind: 'inference_lease', id: 'lea_1', epoch: 0 } })], []],
    [
      'need no hold before it is known whether there is one',
      [],
      [{ workloadId: 'job_1', epoch: 1, phase: 'reserved' }],
    ],
  ])('%s', (_story, holds, attempts) => {
    expect(matchWorkloads(holds, { asOf: LATER, attempts })).toEqual(MATCHED);
  });

  it.each<[string, Hold[], LiveAttempt[], object]>([
    ['money is held for work that is not there', [aHold()], [], { holdsWithoutWork: ['hld_1'] }],
    [
      'money is held for an earlier attempt',
      [aHold(), aHold({ id: 'hld_2', purpose: { kind: 'job', id: 'job_1', epoch: 2 } })],
      [{ ...running, epoch: 2, holdId: 'hld_2' }],
      { holdsWithoutWork: ['hld_1'] },
    ],
    ['work goes on without any hold', [], [running], { workWithoutHold: ['job_1:1'] }],
    [
      'work goes on after its hold has ended',
      [aHold({ status: 'expired', resolvedAt: NOW })],
      [running],
      { workWithoutHold: ['job_1:1'] },
    ],
    [
      'work names the hold of another',
      [aHold({ purpose: { kind: 'job', id: 'job_2', epoch: 1 } })],
      [running, { ...running, workloadId: 'job_2' }],
      { workWithoutHold: ['job_1:1'] },
    ],
  ])('are told apart: %s', (_story, holds, attempts, found) => {
    expect(matchWorkloads(holds, { asOf: LATER, attempts })).toEqual({ ...MATCHED, ...found });
  });

  it('are found out exactly, whatever is missing on either side', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(ids, ids, ids, (both, onlyHeld, onlyLive) => {
        const pairs = both.map((at) => `b${at}`);
        const held = [...pairs, ...onlyHeld.map((at) => `h${at}`)];
        const live = [...pairs, ...onlyLive.map((at) => `l${at}`)];
        const holds = held.map((at) => aHold({ id: `hld_${at}`, purpose: { kind: 'job', id: `job_${at}`, epoch: 1 } }));
        const attempts = live.map((at) => ({ ...running, workloadId: `job_${at}`, holdId: `hld_${at}` }));
        expect(matchWorkloads(holds, { asOf: NOW + MATCH_SLACK_MS + 1, attempts })).toEqual({
          holdsWithoutWork: onlyHeld.map((at) => `hld_h${at}`),
          workWithoutHold: onlyLive.map((at) => `job_l${at}:1`),
        });
      }),
    );
  });
});
