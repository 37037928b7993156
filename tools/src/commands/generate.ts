// npm run generate: writes anew all that programs write and we commit. With --check nothing is written: it only tells.
import { spawnSync } from 'node:child_process';
import { GENERATORS, isOutOfDate, regenerate } from '../checks/generators.ts';
import { inRoot } from '../root.ts';

const onlyCheck = process.argv.includes('--check');
for (const generator of GENERATORS) {
  const changed = await (onlyCheck ? isOutOfDate(generator) : regenerate(generator));
  if (changed && onlyCheck) process.exitCode = 1;
  console.log(`${generator.name}: ${changed ? (onlyCheck ? 'out of date' : 'written anew') : 'up to date'}`);
}
// The gateway writes its own: OpenAPI and the list of errors come from its routes.
const docs = [inRoot('services/gateway/src/write-docs.ts'), ...(onlyCheck ? ['--check'] : [])];
if (spawnSync(process.execPath, docs, { stdio: 'inherit' }).status !== 0) process.exitCode = 1;
