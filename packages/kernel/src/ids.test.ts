import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSource, isId, systemIds } from './ids.ts';

const random = (size: number) => new Uint8Array(size);

describe('ids', () => {
  it('sort as the times at which they were made', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [a, b].map((ms) => createIdSource(() => ms, random).next('job'));
        expect(Math.sign(a - b)).toBe(first === second ? 0 : (first ?? '') < (second ?? '') ? -1 : 1);
      }),
    );
  });

  it('have a form that tells their kind', () => {
    const id = systemIds.next('job');
    expect(isId('job', id)).toBe(true);
    expect(isId('run', id)).toBe(false);
    expect(isId('job', `${id}0`)).toBe(false);
    expect(isId('job', id.replace(/.$/, 'u'))).toBe(false);
  });

  it('do not repeat', () => {
    const ids = Array.from({ length: 10_000 }, () => systemIds.next('x'));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
