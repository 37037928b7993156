import { SimClock } from '@suanli/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { aHub, aContext, sha256Of } from '../../testing/build.ts';
import { createCommit } from '../repository/create-commit.ts';
import { createRepository } from '../repository/create-repository.ts';
import { grantUpload } from './grant-upload.ts';
import { readUpload, receiveBytes } from './receive-bytes.ts';

const content = Buffer.from('weights of a small model');
const blob = { sha256: sha256Of(content), sizeBytes: content.length };
const ctx = aContext();

async function* sending(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

describe('receiveBytes', () => {
  let hub: ReturnType<typeof aHub>;
  beforeEach(async () => {
    hub = aHub(new SimClock());
    await createRepository(hub, ctx, { kind: 'model', name: 'small' });
  });

  const grant = () => grantUpload(hub, ctx, { repository: 'model/small', ...blob });
  const openUpload = async () => {
    const granted = await grant();
    if (granted.kind !== 'done' || granted.value.kind !== 'upload') throw new Error('no upload was granted');
    return { accountId: ctx.tenant.accountId, uploadId: granted.value.uploadId };
  };
  const commit = () =>
    createCommit(hub, ctx, {
      repository: 'model/small',
      files: [{ path: 'model.bin', ...blob }],
      deletedPaths: [],
      message: '',
    });

  it('the account has the blob with the last byte, not before', async () => {
    const key = await openUpload();
    await receiveBytes(hub, key, 0, sending(content.subarray(0, 5)));
    expect(await commit()).toMatchObject({ refusal: { reason: 'blob_missing' } });
    const last = await receiveBytes(hub, key, 5, sending(content.subarray(5)));
    expect(last).toEqual({ kind: 'received', offsetBytes: 24, sizeBytes: 24, isComplete: true });
    expect(await commit()).toMatchObject({ kind: 'done' });
    expect(await grant()).toMatchObject({ value: { kind: 'already_there' } });
  });

  it('a sender whose last answer was lost hears the same from an empty append at the end', async () => {
    const key = await openUpload();
    await hub.bytes.append({ ...key, blob }, 0, sending(content)); // And then the process died.
    expect(await readUpload(hub, key)).toMatchObject({ offsetBytes: 24, isComplete: false });
    expect(await receiveBytes(hub, key, 24, sending())).toMatchObject({ kind: 'received', isComplete: true });
    expect(await receiveBytes(hub, key, 24, sending())).toMatchObject({ kind: 'received', isComplete: true });
    expect(await receiveBytes(hub, key, 0, sending(content))).toMatchObject({ kind: 'wrong_offset', offsetBytes: 24 });
  });

  it('bytes of another hash count for nothing', async () => {
    const key = await openUpload();
    const wrong = Buffer.alloc(content.length, 'x');
    expect(await receiveBytes(hub, key, 0, sending(wrong))).toEqual({ kind: 'hash_mismatch' });
    expect(await readUpload(hub, key)).toMatchObject({ offsetBytes: 0, isComplete: false });
  });

  it('an upload of another account does not exist', async () => {
    const { uploadId } = await openUpload();
    const stranger = { accountId: 'acc_2', uploadId };
    expect(await readUpload(hub, stranger)).toBeUndefined();
    expect(await receiveBytes(hub, stranger, 0, sending(content))).toEqual({ kind: 'upload_not_found' });
  });

  it('who asks twice gets one upload, with what has arrived', async () => {
    const key = await openUpload();
    await receiveBytes(hub, key, 0, sending(content.subarray(0, 7)));
    expect(await grant()).toMatchObject({ value: { uploadId: key.uploadId, offsetBytes: 7 } });
  });
});
