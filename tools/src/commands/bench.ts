// npm run bench -- <name> [options] [--json]: runs bench/src/<name>.ts. With --json the last and only line on stdout is one
// JSON object; progress goes to stderr.
import { existsSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { inRoot, root } from '../root.ts';

const [name, ...args] = process.argv.slice(2);
const file = inRoot('bench/src', `${name ?? ''}.ts`);
if (name === undefined || !existsSync(file)) {
  const known = readdirSync(inRoot('bench/src')).filter((entry) => entry.endsWith('.ts'));
  console.error(`usage: npm run bench -- <name>; known: ${known.map((entry) => entry.slice(0, -3)).join(', ')}`);
  process.exit(64);
}
const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
