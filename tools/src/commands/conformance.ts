// npm run conformance: the platform against suites and data of others, which SUANLI_DATA points at.
import { existsSync } from 'node:fs';
import { conclude, runTests } from '../tests/run-tests.ts';

const data = process.env['SUANLI_DATA'];
if (data === undefined || !existsSync(data)) {
  console.error('SUANLI_DATA must name the folder with the conformance data (its README says where each part is from)');
  process.exitCode = 1;
} else {
  const startedAt = performance.now();
  conclude('npm run conformance', await runTests('conformance', ['conformance'], process.argv.slice(2)), startedAt);
}
