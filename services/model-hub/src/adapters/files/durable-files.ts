import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Segment } from '../../domain/blob/segments.ts';

const SEGMENT = /^(\d{1,16})-[0-9a-f]+\.part$/;

/** The segments of an upload as they are on disk now; their length is what has been written, by whomever. */
export async function listSegments(dir: string): Promise<Segment[]> {
  const names = await orWhenMissing(readdir(dir), []);
  const segments = names.map(async (id) => {
    const fromByte = SEGMENT.exec(id)?.[1];
    const found = fromByte === undefined ? undefined : await orWhenMissing(stat(join(dir, id)), undefined);
    return found && { id, fromByte: Number(fromByte), lengthBytes: found.size };
  });
  return (await Promise.all(segments)).filter((segment) => segment !== undefined);
}

/** Makes a file's bytes survive a power cut. */
export async function makeDurable(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Renames a durable file into place; folders that are new on the way below `root` are made durable too. */
export async function moveDurably(from: string, to: string, root: string): Promise<void> {
  const dir = dirname(to);
  const firstMade = await mkdir(dir, { recursive: true });
  await rename(from, to);
  const last = firstMade === undefined ? dir : dirname(firstMade);
  for (let folder = dir; folder.length >= Math.max(last.length, root.length); folder = dirname(folder)) {
    await makeDurable(folder);
  }
}

export function removeFolder(dir: string): Promise<void> {
  return rm(dir, { recursive: true, force: true });
}

/** Whether a file is not there (any more): another replica may have moved it. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function orWhenMissing<T, U>(wanted: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await wanted;
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
