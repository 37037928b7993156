import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { systemClock } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../src/testing/build.ts';
import { connect, startSurroundings, type Surroundings } from './harness.ts';
import { type HubProcess, hubProcess } from './hub-process.ts';
import { offsetOf, startPatch, streamPatch, uploadAll } from './transfer.ts';

const MIB = 1024 * 1024;
const LARGE_MIB = 200;
/** Far below the file, far above the noise of garbage collection. */
const MAX_GROWTH_BYTES = 120 * MIB;
const SAMPLE_MS = 100;

describe('a model hub in a process of its own', () => {
  let around: Surroundings;
  let hub: HubProcess;
  let clients: Awaited<ReturnType<typeof connect>>;
  let as: { token: string };
  let repositoryId: string;

  beforeAll(async () => {
    around = await startSurroundings();
    hub = await hubProcess(around);
    await hub.start();
    clients = await connect(around, hub);
    as = await clients.as();
    const request = { requestId: '', kind: 'model', name: 'large' };
    const made = await clients.repositories.createRepository(request, as);
    repositoryId = made.repository?.repositoryId ?? '';
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await around[Symbol.asyncDispose]();
  });

  const grantFor = (sha256: string, sizeBytes: number) =>
    clients.repositories.grantUpload(
      { repositoryId, sha256, sizeBytes: BigInt(sizeBytes) },
      { ...as, waitForReady: true },
    );

  it('killed in the middle of an upload, it has kept what had arrived and goes on from there', async () => {
    const bytes = randomBytes(3 * MIB);
    const sha256 = sha256Of(bytes);
    const url = clients.at((await grantFor(sha256, bytes.length)).url);
    let reached = 0;
    for (const cutAfter of [MIB, 2 * MIB]) {
      const patch = startPatch(url, reached, bytes.length - reached);
      patch.write(bytes.subarray(reached, cutAfter));
      await eventually(async () => (await offsetOf(url)) === cutAfter);
      await hub.kill();
      patch.destroy();
      await hub.start();
      reached = Number((await grantFor(sha256, bytes.length)).offsetBytes);
      expect(reached).toBe(cutAfter);
    }
    const response = await uploadAll(url, bytes.subarray(reached), reached);
    expect([response.status, response.headers.get('upload-complete')]).toEqual([204, '?1']);

    const files = [{ path: 'model.bin', sha256, sizeBytes: BigInt(bytes.length) }];
    const commit = { requestId: '', repositoryId, message: '', files, deletedPaths: [], expectedParent: '' };
    await clients.repositories.createCommit(commit, as);
    const wish = { repositoryId, revision: 'main', path: 'model.bin' };
    const grant = await clients.repositories.grantDownload(wish, as);
    const back = Buffer.from(await (await fetch(clients.at(grant.url))).arrayBuffer());
    expect(back.equals(bytes)).toBe(true);
  });

  it(`${LARGE_MIB} MiB go in and out without being held in memory`, async () => {
    const block = randomBytes(MIB);
    const hash = createHash('sha256');
    for (let i = 0; i < LARGE_MIB; i++) hash.update(block);
    const sha256 = hash.digest('hex');
    const size = LARGE_MIB * MIB;
    const url = clients.at((await grantFor(sha256, size)).url);

    const before = await hub.residentBytes();
    const done = new AbortController();
    const highest = watchMemory(done.signal);
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < LARGE_MIB; i++) yield block;
      })(),
    );
    expect(await streamPatch(url, 0, size, body)).toBe(204);

    const files = [{ path: 'large.bin', sha256, sizeBytes: BigInt(size) }];
    const commit = { requestId: '', repositoryId, message: '', files, deletedPaths: [], expectedParent: '' };
    await clients.repositories.createCommit(commit, as);
    const wish = { repositoryId, revision: 'main', path: 'large.bin' };
    const grant = await clients.repositories.grantDownload(wish, as);
    const back = createHash('sha256');
    for await (const bytes of (await fetch(clients.at(grant.url))).body ?? []) back.update(bytes);
    expect(back.digest('hex')).toBe(sha256);
    done.abort();
    expect((await highest) - before).toBeLessThan(MAX_GROWTH_BYTES);
  }, 60_000);

  async function watchMemory(signal: AbortSignal): Promise<number> {
    let highest = 0;
    while (!signal.aborted) {
      highest = Math.max(highest, await hub.residentBytes());
      await systemClock.sleep(SAMPLE_MS, signal);
    }
    return highest;
  }
});
