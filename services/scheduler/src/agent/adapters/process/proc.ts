import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE_BYTES = 4096;

/** What a tree of processes uses now. */
export type TreeUsage = { processCount: number; residentBytes: number };

/**
 * Sums over `pid` and all its descendants. Processes that end meanwhile count nothing. Pages that several processes share
 * are counted in each, so the sum is an upper bound; `readSharedOutBytes` divides them.
 */
export async function readTreeUsage(pid: number): Promise<TreeUsage> {
  const usage: TreeUsage = { processCount: 0, residentBytes: 0 };
  for await (const each of walkTree(pid)) {
    const statm = await readOrEmpty(`/proc/${each}/statm`);
    if (statm === '') continue;
    usage.processCount += 1;
    usage.residentBytes += Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES;
  }
  return usage;
}

/** Memory of the tree with shared pages divided among those that share them: exact, and dearer to read. */
export async function readSharedOutBytes(pid: number): Promise<number> {
  let kib = 0;
  for await (const each of walkTree(pid)) {
    const rollup = await readOrEmpty(`/proc/${each}/smaps_rollup`);
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kib * 1024;
}

async function* walkTree(pid: number): AsyncGenerator<number> {
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    yield next;
    queue.push(...(await childrenOf(next)));
  }
}

/**
 * When a living process started, in clock ticks since boot; with the pid it names one process. Undefined when there is
 * none, or when it has ended and only waits for its parent to take note.
 */
export async function readStartTicks(pid: number): Promise<string | undefined> {
  const text = await readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets and may hold anything; the rest follows the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Bytes of all files below a directory, as they lie on disk. */
export async function readDiskBytes(directory: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await readDiskBytes(path);
    else if (entry.isFile())
      bytes += await stat(path).then(
        (found) => found.blocks * 512,
        () => 0,
      );
  }
  return bytes;
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readOrEmpty(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
}

async function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
