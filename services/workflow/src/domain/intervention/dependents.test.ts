import { describe, expect, it } from 'vitest';
import { dependentsOf, framesAround, judgedEffect, type StepHead } from './dependents.ts';

let ordinal = 0;
function head(path: string, more: Partial<StepHead> = {}): StepHead {
  ordinal += 1;
  const base = {
    iteration: '',
    ordinal,
    revision: 1,
    status: 'completed' as const,
    isFrame: false,
    kind: 'set' as const,
  };
  return { ...base, id: `${path}#${more.iteration ?? ''}`, path, isJobEnded: false, isDue: false, ...more };
}

describe('what a new revision makes void', () => {
  const a = head('/do/0/a');
  const loop = head('/do/1/loop', { kind: 'for', isFrame: true });
  const first = head('/do/1/loop/do/0/x', { iteration: '0' });
  const second = head('/do/1/loop/do/0/x', { iteration: '1' });
  const fork = head('/do/2/fork', { kind: 'fork', isFrame: true });
  const left = head('/do/2/fork/fork/branches/0/left', { kind: 'do', isFrame: true });
  const right = head('/do/2/fork/fork/branches/1/right');
  const inner = head('/do/2/fork/fork/branches/0/left/do/0/inner');
  const last = head('/do/3/last');
  const all = [a, loop, first, second, fork, left, right, inner, last];
  const names = (heads: readonly StepHead[]) =>
    heads.map(({ path, iteration }) => `${path.split('/').at(-1)}${iteration}`);

  it('is everything after the first step', () => {
    expect(names(dependentsOf(a, all, 'keep'))).toEqual(['loop', 'x0', 'x1', 'fork', 'left', 'right', 'inner', 'last']);
  });
  it('is the later rounds of a loop, not the loop itself', () => {
    expect(names(dependentsOf(first, all, 'redo'))).toEqual(['x1', 'fork', 'left', 'right', 'inner', 'last']);
    expect(names(framesAround(first, all))).toEqual(['loop']);
  });
  it('is nothing in the branches beside it', () => {
    expect(names(dependentsOf(left, all, 'redo'))).toEqual(['inner', 'last']);
    expect(names(dependentsOf(inner, all, 'redo'))).toEqual(['last']);
    expect(names(framesAround(inner, all))).toEqual(['fork', 'left']);
  });
  it('spares what is inside of a frame whose output is edited', () => {
    expect(names(dependentsOf(loop, all, 'keep'))).toEqual(['fork', 'left', 'right', 'inner', 'last']);
    expect(names(dependentsOf(loop, all, 'redo'))).toEqual(['x0', 'x1', 'fork', 'left', 'right', 'inner', 'last']);
  });
  it('is nothing that was superseded before', () => {
    const old = { ...last, status: 'superseded' as const };
    expect(dependentsOf(right, [right, fork, old], 'keep')).toEqual([]);
  });
});

it('tells the passes of one task apart', () => {
  const frame = (path: string, iteration: string) => head(path, { iteration, kind: 'do', isFrame: true });
  const heads = [
    frame('/do/0/f', ''),
    frame('/do/0/f', 'v2'),
    frame('/do/1/l/do/0/g', '1'),
    frame('/do/1/l/do/0/g', '10'),
  ];
  const around = (path: string, iteration: string) => framesAround({ path, iteration }, heads).map(({ id }) => id);
  expect(around('/do/0/f/do/0/a', '')).toEqual(['/do/0/f#']);
  expect(around('/do/0/f/do/0/a', '2v2')).toEqual(['/do/0/f#']);
  expect(around('/do/0/f/do/0/a', 'v2')).toEqual(['/do/0/f#v2']);
  expect(around('/do/0/f/do/0/a', 'v2.2v2')).toEqual(['/do/0/f#v2']);
  expect(around('/do/1/l/do/0/g/do/0/a', '10.2r1')).toEqual(['/do/1/l/do/0/g#10']);
  expect(around('/do/0/fx/do/0/a', '')).toEqual([]);
});

it('takes the last effect before a review for what is judged', () => {
  const outline = head('/do/0/outline', { kind: 'call', function: 'llm.chat' });
  const draft = head('/do/1/draft', { kind: 'call', function: 'llm.chat' });
  const review = head('/do/2/review', { kind: 'call', function: 'human.review', status: 'waiting' });
  expect(judgedEffect(review, [outline, draft, review])?.id).toBe(draft.id);
  expect(judgedEffect(review, [review])).toBeUndefined();
});
