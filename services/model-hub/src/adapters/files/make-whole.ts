import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Link } from '../../domain/blob/segments.ts';

const BUFFER_BYTES = 256 * 1024;

export type WholeFile = { path: string; sha256: string };

/** One file with all bytes of an upload: the only segment as it is, or several put together in a new file. */
export async function makeWhole(dir: string, links: readonly Link[], sizeBytes: number): Promise<WholeFile> {
  const [only] = links;
  if (links.length !== 1 || only?.segment.lengthBytes !== sizeBytes) return assemble(dir, links);
  const path = join(dir, only.segment.id);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: BUFFER_BYTES }), hash);
  return { path, sha256: hash.digest('hex') };
}

/** Hashes the very bytes that it writes: what another connection does to a segment meanwhile cannot get in between. */
async function assemble(dir: string, links: readonly Link[]): Promise<WholeFile> {
  const path = join(dir, `whole-${randomBytes(8).toString('hex')}`);
  const hash = createHash('sha256');
  async function* bytes() {
    for (const { segment, skipBytes, lengthBytes } of links) {
      const range = { start: skipBytes, end: skipBytes + lengthBytes - 1, highWaterMark: BUFFER_BYTES };
      for await (const chunk of createReadStream(join(dir, segment.id), range)) {
        hash.update(chunk);
        yield chunk;
      }
    }
  }
  await pipeline(bytes, createWriteStream(path, { flags: 'wx', highWaterMark: BUFFER_BYTES }));
  return { path, sha256: hash.digest('hex') };
}
