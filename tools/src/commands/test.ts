// npm test: everything that needs nothing outside this checkout. Arguments go to vitest: -- --project unit, -- a/file.
import { conclude, runTests } from '../tests/run-tests.ts';

const startedAt = performance.now();
conclude('npm test', await runTests('test', ['unit', 'int', 'e2e'], process.argv.slice(2)), startedAt);
