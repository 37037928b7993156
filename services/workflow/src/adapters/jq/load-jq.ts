import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';

/** One run of a jq program: exit code and what it wrote. */
export type JqResult = { code: number; out: string; error: string };
export type Jq = (program: string, input: string) => JqResult;

type Streams = { read(): number | null; write(byte: number | null): void; error(byte: number | null): void };
type JqModule = { callMain(args: string[]): number };

const require = createRequire(import.meta.url);
const GLUE = /FS\.init\(\(\) => \{[\s\S]*?\}\); \}, raw\(/g;
const OWN_STREAMS = 'FS.init(streams.read, streams.write, streams.error); }, raw(';

/**
 * jq as WebAssembly. The package's own glue copies its buffers for every byte, so that a megabyte takes a minute; its
 * three stream functions are replaced by ours while it is loaded. Pinned to the version that this was written for.
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
    const code = module.callMain(['-M', '-c', program, '/dev/stdin']);
    return { code, out: Buffer.from(out).toString(), error: Buffer.from(error).toString() };
  };
}

async function instantiate(streams: Streams): Promise<JqModule> {
  const file = require.resolve('jq-wasm/dist/build/jq.js');
  const source = readFileSync(file, 'utf8');
  if (source.match(GLUE)?.length !== 1) throw new Error('this version of jq-wasm has other glue code');
  const module: { exports: object } = { exports: {} };
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'streams'];
  const load = compileFunction(source.replace(GLUE, OWN_STREAMS), parameters, { filename: file });
  load(module.exports, require, module, file, dirname(file), streams);
  return (module.exports as (options: object) => Promise<JqModule>)({});
}
