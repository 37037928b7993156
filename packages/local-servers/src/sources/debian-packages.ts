// Fetches programs from the machine's own Debian or Ubuntu archive into a private folder, without root and without
// touching the system: apt resolves what is missing and checks the archive's signatures, dpkg only unpacks.
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inheritedEnv, runCommand } from '../processes/child-process.ts';

/** Program name -> package that holds it, where the two differ. */
const PACKAGE_OF: Readonly<Record<string, string>> = { bwrap: 'bubblewrap' };
const PROGRAM_FOLDERS = ['usr/bin', 'usr/sbin', 'bin'];
const LIBRARY_FOLDERS = ['usr/lib', 'lib'];

export type FetchedProgram = { path: string; env: Readonly<Record<string, string>> };

const inProgress = new Map<string, Promise<string>>();
const refreshedLists = new Map<string, Promise<readonly string[]>>();

/** The unpacked program and the library path it needs. Fetched once, then found in `cacheDir`. */
export async function fetchDebianProgram(
  program: string,
  cacheDir: string,
  onProgress: (message: string) => void = () => {},
): Promise<FetchedProgram> {
  const name = PACKAGE_OF[program] ?? program;
  const folder = join(cacheDir, 'debian', name);
  if (!existsSync(folder)) {
    const running =
      inProgress.get(folder) ?? fetchPackage(name, folder, onProgress).finally(() => inProgress.delete(folder));
    inProgress.set(folder, running);
    await running;
  }
  const path = PROGRAM_FOLDERS.map((bin) => join(folder, bin, program)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`package ${name} holds no program ${program}`);
  const libraries = await libraryFolders(folder);
  return { path, env: libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(':') } };
}

/** Names of the packages that `apt-get --simulate install` would add, in its order. */
export function parseSimulatedInstall(output: string): string[] {
  return [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
}

async function fetchPackage(name: string, folder: string, onProgress: (message: string) => void): Promise<string> {
  if (!existsSync('/usr/bin/apt-get')) throw new Error('this is not a Debian or Ubuntu system');
  const parent = join(folder, '..');
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, `.${name}-`));
  try {
    onProgress(`fetching ${name} from the Debian archive`);
    try {
      await unpack(name, work, sandboxOptions());
    } catch {
      // The machine's package lists are empty or stale: fetch our own.
      await unpack(name, work, await privateLists(parent, onProgress));
    }
    await publish(join(work, 'root'), folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(name: string, work: string, options: readonly string[]): Promise<void> {
  const simulated = await aptGet([...options, '--simulate', '--no-install-recommends', 'install', name], work);
  const packages = parseSimulatedInstall(simulated);
  await aptGet([...options, 'download', ...(packages.includes(name) ? packages : [name, ...packages])], work);
  const files = (await readdir(work)).filter((file) => file.endsWith('.deb'));
  for (const file of files) await runCommand('dpkg', ['-x', file, 'root'], { cwd: work, env: aptEnv() });
}

/** Lists under our own folder; one refresh serves every package of this process. */
function privateLists(parent: string, onProgress: (message: string) => void): Promise<readonly string[]> {
  const known = refreshedLists.get(parent);
  if (known !== undefined) return known;
  onProgress('refreshing the package lists');
  const refresh = refreshLists(join(parent, `.lists-${process.pid}`));
  refreshedLists.set(parent, refresh);
  refresh.catch(() => refreshedLists.delete(parent));
  return refresh;
}

async function refreshLists(home: string): Promise<readonly string[]> {
  await mkdir(join(home, 'state/lists/partial'), { recursive: true });
  await mkdir(join(home, 'cache/archives/partial'), { recursive: true });
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  const options = [
    ...sandboxOptions(),
    '-o',
    `Dir::State=${home}/state`,
    '-o',
    `Dir::Cache=${home}/cache`,
    '-o',
    'Dir::State::status=/var/lib/dpkg/status',
  ];
  await aptGet([...options, 'update'], home);
  return options;
}

/** As root, apt would hand downloads to a user of its own, who cannot write into our folder. */
function sandboxOptions(): readonly string[] {
  return process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
}

function aptGet(args: readonly string[], cwd: string): Promise<string> {
  return runCommand('apt-get', ['-q', ...args], { cwd, env: aptEnv() });
}

function aptEnv(): Record<string, string> {
  return { ...inheritedEnv(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
}

/** Another process may have finished the same package first: its copy is as good as ours. */
async function publish(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const base of LIBRARY_FOLDERS.map((folder) => join(root, folder)).filter((folder) => existsSync(folder))) {
    for (const entry of await readdir(base, { withFileTypes: true })) {
      // Multiarch: x86_64-linux-gnu, aarch64-linux-gnu, …
      if (entry.isDirectory() && entry.name.includes('-linux-')) folders.push(join(base, entry.name));
    }
  }
  return folders;
}
