// npm run generate: writes anew all that programs write and we commit. With --check nothing is written: it only tells.
import { GENERATORS, isOutOfDate, regenerate } from '../checks/generators.ts';

const onlyCheck = process.argv.includes('--check');
for (const generator of GENERATORS) {
  const changed = await (onlyCheck ? isOutOfDate(generator) : regenerate(generator));
  if (changed && onlyCheck) process.exitCode = 1;
  console.log(`${generator.name}: ${changed ? (onlyCheck ? 'out of date' : 'written anew') : 'up to date'}`);
}
