import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readLiveWork } from './live-work.ts';

const asOf = '2026-02-28T00:00:00.000Z';
const one = { workloadId: 'job_1', epoch: 1, phase: 'running', holdId: 'hld_1' };
const two = { workloadId: 'job_2', epoch: 3, phase: 'reserved', holdId: null };
const linesOf = (...lines: object[]) => Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`));

it('reads pages of attempts up to their total', async () => {
  const pages = linesOf({ asOf, attempts: [one] }, { asOf, attempts: [two] }, { asOf, total: 2 });
  expect(await readLiveWork(pages)).toEqual({
    asOf: Date.parse(asOf),
    attempts: [one, { workloadId: 'job_2', epoch: 3, phase: 'reserved' }],
  });
  expect((await readLiveWork(linesOf({ asOf, total: 0 }))).attempts).toEqual([]);
});

it.each([
  ['has no end', linesOf({ asOf, attempts: [one] }), 'no end'],
  ['has lost a page', linesOf({ asOf, attempts: [one] }, { asOf, total: 2 }), '1 attempts came of 2'],
  ['is empty', Readable.from([]), 'no end'],
  ['is something else', linesOf({ level: 'error' }), 'invalid_union'],
  ['is no JSON', Readable.from(['node: not found\n']), 'not valid JSON'],
])('takes no answer that %s', async (_how, input, words) => {
  await expect(readLiveWork(input)).rejects.toThrow(words);
});
