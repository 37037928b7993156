// The door of every root script. Plain JavaScript without dependencies, because it runs on whatever Node (20 or newer)
// the machine has: it brings Node 24 and the locked dependencies, then hands over to tools/src/commands/<command>.ts.
// It prints on stderr alone, so that stdout belongs to the command (`--json`).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED_MAJOR = 24;
/** Where no Node 24 can be fetched (macOS), the oldest that runs TypeScript as we write it. */
const OLDEST_OWN = [22, 22];
const TOOLCHAIN_PLATFORMS = new Set(['linux-x64', 'linux-arm64', 'win32-x64']);
/** Repairs the lockfile itself, so it cannot wait until that is installed. */
const NEEDS_NO_DEPENDENCIES = new Set(['lock']);
/** The lockfile is complete for this platform alone; elsewhere npm must resolve what is missing. */
const LOCKED_PLATFORM = 'linux-x64';
/** Ctrl-C reaches npm and us, and npm passes it on: the same signal again within this time is one request. */
const SAME_REQUEST_MS = 1_000;
const PARENT_CHECK_MS = 500;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const platform = `${process.platform}-${process.arch}`;
const startedAt = performance.now();

main(process.argv.slice(2));

function main([command, ...args]) {
  const commandFile = findCommand(command);
  const env = cleanEnvironment();
  const node = ensureNode(env);
  env.PATH = [dirname(node), join(root, 'node_modules/.bin'), env.PATH].join(delimiter);
  if (!NEEDS_NO_DEPENDENCIES.has(command)) ensureDependencies(node, env);
  handOver(node, [commandFile, ...args], env);
}

function findCommand(command) {
  const folder = join(root, 'tools/src/commands');
  const file = join(folder, `${(command ?? '').replace(':', '-')}.ts`);
  if (command && existsSync(file)) return file;
  const known = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3));
  fail(`unknown command ${command ?? '(none)'}; known: ${known.join(', ')}`);
}

/** What npm sets for its own script would steer the npm that we call; the user's own settings stay. */
function cleanEnvironment() {
  const kept = /^npm_config_(cache|registry|userconfig|cafile|proxy|https_proxy|noproxy)$/i;
  const entries = Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key) || kept.test(key));
  return Object.fromEntries(entries);
}

/** Path of the Node to run on: this one when it is new enough, else the toolchain's. */
function ensureNode(env) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major >= WANTED_MAJOR) return process.execPath;
  if (!TOOLCHAIN_PLATFORMS.has(platform)) {
    if (major > OLDEST_OWN[0] || (major === OLDEST_OWN[0] && minor >= OLDEST_OWN[1])) return process.execPath;
    fail(`Node ${OLDEST_OWN.join('.')} or newer is needed on ${platform}; this is ${process.versions.node}`);
  }
  const folder = join(root, 'tools/toolchain');
  const node = join(folder, 'node_modules', `node-${platform.replace('win32', 'win')}`, 'bin', executable('node'));
  const stamp = join(folder, 'node_modules/.suanli-installed');
  const wanted = digest(readFileSync(join(folder, 'package-lock.json')));
  if (!existsSync(node) || readStamp(stamp) !== wanted) {
    say(`Node ${process.versions.node} is older than ${WANTED_MAJOR}: fetching a private one`);
    npm(process.execPath, ['ci', '--prefix', folder, '--no-workspaces'], env);
    writeFileSync(stamp, wanted);
  }
  return node;
}

/** Under the Node that runs the project: npm passes over optional packages that want a newer Node than its own. */
function ensureDependencies(node, env) {
  const stamp = join(root, 'node_modules/.suanli-installed');
  const wanted = digest(readFileSync(join(root, 'package-lock.json')));
  if (readStamp(stamp) === wanted) return;
  say('installing dependencies');
  npm(node, platform === LOCKED_PLATFORM ? ['ci'] : ['install', '--no-save'], env);
  writeFileSync(stamp, wanted);
  say('dependencies are in place');
}

function npm(node, args, env) {
  const cli = process.env.npm_execpath;
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund'];
  const [command, before] = cli && basename(cli) === 'npm-cli.js' ? [node, [cli]] : [executable('npm', '.cmd'), []];
  const { status, error } = spawnSync(command, [...before, ...args, ...quiet], {
    cwd: root,
    env,
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    shell: command.endsWith('.cmd'),
  });
  if (status !== 0) fail(`npm ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

function handOver(node, args, env) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio: 'inherit' });
  const last = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal gives SIGINT to the child as well as to us.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      const now = performance.now();
      if (now - (last.get(signal) ?? -Infinity) > SAME_REQUEST_MS) child.kill(signal);
      last.set(signal, now);
    });
  }
  if (process.env.npm_lifecycle_event) stopWithParent(child);
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

/** npm runs us in a shell; when somebody ends npm, that shell dies without passing the signal on. */
function stopWithParent(child) {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), PARENT_CHECK_MS).unref();
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function executable(name, suffix = '.exe') {
  return process.platform === 'win32' ? `${name}${suffix}` : name;
}

function say(message) {
  process.stderr.write(`[${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s] ${message}\n`);
}

function fail(message) {
  process.stderr.write(`suanli: ${message}\n`);
  process.exit(1);
}
