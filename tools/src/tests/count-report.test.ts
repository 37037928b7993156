import { expect, it } from 'vitest';
import { countReport, type VitestReport } from './count-report.ts';

const green: VitestReport = {
  numPassedTests: 2,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ name: 'a', status: 'passed', assertionResults: [{ status: 'passed' }, { status: 'passed' }] }],
};
const unloadable = { name: 'b', status: 'failed', assertionResults: [] };

it.each([
  ['a green run', green, 0, { passed: 2, failed: 0, skipped: 0 }],
  ['a file that cannot be loaded', { ...green, testResults: [unloadable] }, 1, { passed: 2, failed: 1, skipped: 0 }],
  ['an error outside every test', green, 1, { passed: 2, failed: 1, skipped: 0 }],
  ['a run without tests', { ...green, numPassedTests: 0, testResults: [] }, 0, { passed: 0, failed: 1, skipped: 0 }],
  ['a runner that died before its report', undefined, null, { passed: 0, failed: 1, skipped: 0 }],
])('%s', (_story, report, exitCode, want) => {
  expect(countReport(report, exitCode)).toEqual(want);
});
