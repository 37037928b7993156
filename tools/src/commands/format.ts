// npm run format: the whole repository, or the paths given.
import { spawnSync } from 'node:child_process';
import { inRoot, root } from '../root.ts';

const paths = process.argv.length > 2 ? process.argv.slice(2) : ['.'];
const { status } = spawnSync(inRoot('node_modules/.bin/biome'), ['format', '--write', ...paths], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
