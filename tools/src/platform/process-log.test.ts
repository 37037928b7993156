import { expect, it } from 'vitest';
import { readComplaint } from './process-log.ts';

it.each([
  ['{"level":"error","msg":"cannot publish","err":{"message":"no\\nserver"}}', 'cannot publish: no server'],
  ['{"level":"warn","msg":"slow"}', 'slow'],
  ['{"level":"info","msg":"job placed"}', undefined],
  ['{"level":"error","msg":"cut of', undefined],
  ['Error: not a log line', undefined],
])('%s is shown as %s', (line, want) => {
  expect(readComplaint(line)).toBe(want);
});
