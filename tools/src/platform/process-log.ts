import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Progress } from '../progress.ts';

const SHOWN_LEVELS = new Set(['warn', 'error', 'fatal']);
const TAIL_LINES = 20;
/** The same complaint is shown once in this time; the file has them all. */
const REPEAT_MS = 10_000;
const SHOWN_CHARS = 160;

/** Where the output of one process goes. */
export type ProcessLog = {
  onLine: (line: string) => void;
  /** The last lines, for a message about its death. */
  tail: () => string;
  close(): Promise<void>;
};

/** Keeps every line in a file (the previous run's as `.1`) and shows warnings and errors in a few words. */
export async function openProcessLog(name: string, file: string, progress: Progress): Promise<ProcessLog> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (existsSync(file)) await rename(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  const last: string[] = [];
  const shownAt = new Map<string, number>();
  return {
    onLine(line) {
      stream.write(`${line}\n`);
      last.push(line);
      if (last.length > TAIL_LINES) last.shift();
      const complaint = readComplaint(line);
      if (complaint === undefined) return;
      const now = performance.now();
      if (now - (shownAt.get(complaint) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
      shownAt.set(complaint, now);
      progress.warn(`${name}: ${complaint}`);
    },
    tail: () => last.join('\n'),
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

/** The message of a structured log line that is a warning or worse, shortened. */
export function readComplaint(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string } };
    if (level === undefined || !SHOWN_LEVELS.has(level)) return undefined;
    const text = err?.message === undefined ? (msg ?? '') : `${msg ?? ''}: ${err.message}`;
    return text.replaceAll('\n', ' ').slice(0, SHOWN_CHARS);
  } catch {
    return undefined; // A line cut short by a death, or not a log line: it is in the file.
  }
}
