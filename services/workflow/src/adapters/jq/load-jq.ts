import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';

/** One run of a jq program: exit code and what it wrote. */
export type JqResult = { code: number; out: string; error: string };
export type Jq = (program: string, input: string) => JqResult;

type Streams = { read(): number | null; write(byte: number | null): void; error(byte: number | null): void };
type JqModule = {
  callMain(args: string[]): number;
  /** Moves the stack pointer down by so many bytes and gives where it is then; by a negative number, up. */
  stackAlloc(bytes: number): number;
};

const require = createRequire(import.meta.url);
/** What is changed in the package's glue code while it is loaded; each must be found exactly once. */
const CHANGES: readonly [RegExp, string][] = [
  [/FS\.init\(\(\) => \{[\s\S]*?\}\); \}, raw\(/g, 'FS.init(streams.read, streams.write, streams.error); }, raw('],
  [/var stackAlloc = sz =>/g, 'var stackAlloc = Module["stackAlloc"] = sz =>'],
];

/**
 * jq as WebAssembly. The package's own glue copies its buffers for every byte, so that a megabyte takes a minute, and
 * every run leaves its arguments on a small stack, so that the hundredth fails: its streams are replaced by ours, and the
 * stack is put back after each run. Pinned to the version that this was written for.
 */
export async function loadJq(): Promise<Jq> {
  let input: Uint8Array = new Uint8Array();
  let position = 0;
  let [out, error]: [number[], number[]] = [[], []];
  const module = await instantiate({
    read: () => (position < input.length ? (input[position++] ?? null) : null),
    write: (byte) => void (byte !== null && out.push(byte)),
    error: (byte) => void (byte !== null && error.push(byte)),
  });
  return (program, text) => {
    input = Buffer.from(text);
    [position, out, error] = [0, [], []];
    const top = module.stackAlloc(0);
    const code = module.callMain(['-M', '-c', program, '/dev/stdin']);
    module.stackAlloc(module.stackAlloc(0) - top);
    return { code, out: Buffer.from(out).toString(), error: Buffer.from(error).toString() };
  };
}

async function instantiate(streams: Streams): Promise<JqModule> {
  const file = require.resolve('jq-wasm/dist/build/jq.js');
  const source = CHANGES.reduce(changed, readFileSync(file, 'utf8'));
  const module: { exports: object } = { exports: {} };
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'streams'];
  const load = compileFunction(source, parameters, { filename: file });
  load(module.exports, require, module, file, dirname(file), streams);
  return (module.exports as (options: object) => Promise<JqModule>)({});
}

function changed(source: string, [found, replacement]: readonly [RegExp, string]): string {
  if (source.match(found)?.length !== 1) throw new Error('this version of jq-wasm has other glue code');
  return source.replace(found, replacement);
}
