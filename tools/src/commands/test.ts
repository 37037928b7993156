// npm test: everything that needs nothing outside this checkout. Arguments go to vitest: -- --project unit, -- a/file.
import { addCounts } from '../tests/count-report.ts';
import { conclude, runTests } from '../tests/run-tests.ts';

const startedAt = performance.now();
conclude('npm test', await run(process.argv.slice(2)), startedAt);

/** The whole platform starts when all else is through, so that the two do not slow each other down. */
async function run(args: readonly string[]) {
  if (args.length > 0) return runTests('test', ['unit', 'int', 'e2e'], args);
  const small = await runTests('test', ['unit', 'int'], []);
  return addCounts(small, await runTests('e2e', ['e2e'], []));
}
