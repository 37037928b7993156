// npm run verify: all that can be said about a change without starting a server. Names what to type next.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Check, checks } from '../checks/checks.ts';
import { root } from '../root.ts';

const AT_ONCE = 2;
const startedAt = performance.now();
const waiting = checks();
const failed: Check[] = [];

await Promise.all(Array.from({ length: AT_ONCE }, worker));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
if (failed.length === 0) console.log(`all is well, in ${seconds} s`);
else
  console.log(
    `${failed.length} of the checks failed, in ${seconds} s. Next:\n${failed.map(({ next }) => `  ${next}`).join('\n')}`,
  );
process.exitCode = failed.length === 0 ? 0 : 1;

async function worker(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const { ok, output, seconds } = await run(check);
    console.log(`${ok ? '✓' : '✗'} ${check.name} (${seconds} s)`);
    if (ok) continue;
    console.log(output.trimEnd());
    failed.push(check);
  }
}

async function run({ command, cwd = root }: Check): Promise<{ ok: boolean; output: string; seconds: string }> {
  const begun = performance.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { ok: code === 0, output, seconds: ((performance.now() - begun) / 1000).toFixed(1) };
}
