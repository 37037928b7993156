/** What we read of vitest's JSON report. */
export type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
};

export type Counts = { passed: number; failed: number; skipped: number };

/**
 * Counts from the runner's own report. A file that could not be loaded has no tests in it and counts as one failure, as
 * does a run that failed for a reason outside every test, or that ran nothing.
 */
export function countReport(report: VitestReport | undefined, exitCode: number | null): Counts {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloadable;
  const failedOutside = failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;
  return { passed, failed: failed + failedOutside, skipped: report.numPendingTests + report.numTodoTests };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The one line that other programs read. */
export function plainLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
