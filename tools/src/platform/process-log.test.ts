import { expect, it } from 'vitest';
import { readComplaint } from './process-log.ts';

it.each([
  ['{"level":50,"msg":"cannot publish","err":{"message":"no\\nserver"}}', 'cannot publish: no server'],
  ['{"level":40,"msg":"slow"}', 'slow'],
  ['{"level":30,"msg":"job placed"}', undefined],
  ['{"level":50,"msg":"cut of', undefined],
  ['Error: not a log line', undefined],
])('%s is shown as %s', (line, want) => {
  expect(readComplaint(line)).toBe(want);
});
