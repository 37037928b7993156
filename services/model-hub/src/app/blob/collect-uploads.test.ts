import { SimClock } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { aContext, aHub, sha256Of } from '../../testing/build.ts';
import { createRepository } from '../repository/create-repository.ts';
import { ABANDONED_AFTER_MS, collectUploads } from './collect-uploads.ts';
import { grantUpload } from './grant-upload.ts';
import { receiveBytes } from './receive-bytes.ts';

const HOUR_MS = 3_600_000;
const { signal } = new AbortController();

async function* sending(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

it('bytes of an upload are discarded when nobody touched it for a day, and not an hour earlier', async () => {
  const clock = new SimClock();
  const hub = aHub(clock);
  const ctx = aContext();
  await createRepository(hub, ctx, { kind: 'model', name: 'small' });
  const begin = async (content: string) => {
    const blob = { sha256: sha256Of(content), sizeBytes: content.length };
    const granted = await grantUpload(hub, ctx, { repository: 'model/small', ...blob });
    if (granted.kind !== 'done' || granted.value.kind !== 'upload') throw new Error('no upload was granted');
    const key = { accountId: ctx.tenant.accountId, uploadId: granted.value.uploadId };
    await receiveBytes(hub, key, 0, sending(Buffer.from(content.slice(0, 3))));
    return key;
  };
  const kept = async () => (await Array.fromAsync(hub.bytes.listUploads())).toSorted();

  const abandoned = await begin('abandoned');
  const active = await begin('still being sent');
  await hub.bytes.append(
    { uploadId: 'upl_orphan', accountId: 'acc_1', blob: { sha256: sha256Of('x'), sizeBytes: 9 } },
    0,
    sending(Buffer.from('left by a crash')),
  );

  await clock.advance(ABANDONED_AFTER_MS - HOUR_MS);
  await receiveBytes(hub, active, 3, sending(Buffer.from('ll')));
  expect(await collectUploads(hub, signal)).toEqual({ forgotten: 0, discarded: 1 });
  expect(await kept()).toEqual([abandoned.uploadId, active.uploadId].toSorted());

  await clock.advance(2 * HOUR_MS);
  expect(await collectUploads(hub, signal)).toEqual({ forgotten: 1, discarded: 1 });
  expect(await kept()).toEqual([active.uploadId]);
  expect(await receiveBytes(hub, abandoned, 3, sending(Buffer.from('n')))).toEqual({ kind: 'upload_not_found' });
});
