import { randomBytes } from 'node:crypto';
import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes one segment from what the source yields, at most `limitBytes`, and makes it durable. Also when the source
 * breaks off, or this process ends: what has been written stays and counts.
 */
export async function writeSegment(
  dir: string,
  fromByte: number,
  limitBytes: number,
  source: AsyncIterable<Uint8Array>,
): Promise<{ isTooLong: boolean }> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, `${fromByte}-${randomBytes(8).toString('hex')}.part`);
  const file = await open(path, 'wx');
  let written = 0;
  try {
    for await (const bytes of source) {
      const fitting = bytes.subarray(0, limitBytes - written);
      for (let done = 0; done < fitting.length; ) done += (await file.write(fitting, done)).bytesWritten;
      written += fitting.length;
      if (fitting.length < bytes.length) return { isTooLong: true };
    }
    return { isTooLong: false };
  } finally {
    await file.sync();
    await file.close();
    if (written === 0) await unlink(path);
  }
}
