import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readJson } from '../json-file.ts';
import { inRoot, root } from '../root.ts';
import { type Counts, countReport, plainLine, type VitestReport } from './count-report.ts';

/** Of vitest.config.ts. */
export type TestProject = 'unit' | 'int' | 'e2e' | 'conformance' | 'soak' | 'soak-of-services';

/** Runs vitest over these projects (over those of `--project` when the arguments name some) and counts its report. */
export async function runTests(
  name: string,
  projects: readonly TestProject[],
  args: readonly string[],
): Promise<Counts> {
  const reportFile = inRoot('.data/reports', `${name}.json`);
  await mkdir(dirname(reportFile), { recursive: true });
  await rm(reportFile, { force: true }); // A report of an earlier run must not be counted.
  const chosen = args.some((arg) => arg.startsWith('--project'))
    ? []
    : projects.map((project) => `--project=${project}`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const vitest = inRoot('node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...chosen, ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  passOn(child);
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return countReport(await readJson<VitestReport>(reportFile), exitCode);
}

/** A terminal gives Ctrl-C to vitest as well as to us; we only wait for what it says. */
function passOn(child: ChildProcess): void {
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
}

/** Prints the result, the plain line last, and sets the exit code of this process. */
export function conclude(what: string, counts: Counts, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${what} took ${seconds} s${counts.skipped > 0 ? `, ${counts.skipped} tests were not run` : ''}`);
  console.log(plainLine(counts));
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
