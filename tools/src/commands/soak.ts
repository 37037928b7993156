// npm run soak: long runs (hundreds of kills, thousands of seeds). Arguments go to vitest.
import { conclude, runTests } from '../tests/run-tests.ts';

const startedAt = performance.now();
conclude('npm run soak', await runTests('soak', ['soak', 'soak-of-services'], process.argv.slice(2)), startedAt);
