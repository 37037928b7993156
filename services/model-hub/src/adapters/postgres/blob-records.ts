import type { Tx } from '@suanli/postgres';
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import type { BlobRecords } from '../../app/ports.ts';
import type { Upload } from '../../domain/blob/blob.ts';
import { blobs, uploads } from './schema.ts';

export function blobRecords(tx: Tx): BlobRecords {
  return {
    async find(accountId, sha256s) {
      if (sha256s.length === 0) return [];
      return tx
        .select({ sha256: blobs.sha256, sizeBytes: blobs.sizeBytes })
        .from(blobs)
        .where(and(eq(blobs.accountId, accountId), sql`${blobs.sha256} = any(${sql.param([...sha256s])}::text[])`));
    },

    async openUpload({ uploadId, accountId, blob, state, touchedAt }) {
      const [row] = await tx
        .insert(uploads)
        .values({ uploadId, accountId, ...blob, state, touchedAt: new Date(touchedAt) })
        .onConflictDoUpdate({
          target: [uploads.accountId, uploads.sha256, uploads.sizeBytes],
          targetWhere: sql`state = 'open'`,
          set: { touchedAt: new Date(touchedAt) },
        })
        .returning();
      if (row === undefined) throw new Error('an upsert returned no row');
      return toUpload(row);
    },

    async touchUpload(accountId, uploadId, now) {
      const [row] = await tx
        .update(uploads)
        .set({ touchedAt: new Date(now) })
        .where(and(eq(uploads.accountId, accountId), eq(uploads.uploadId, uploadId)))
        .returning();
      return row && toUpload(row);
    },

    async complete({ uploadId, accountId, blob }, now) {
      await tx
        .insert(blobs)
        .values({ accountId, ...blob, createdAt: new Date(now) })
        .onConflictDoNothing();
      await tx
        .update(uploads)
        .set({ state: 'complete', touchedAt: new Date(now) })
        .where(and(eq(uploads.accountId, accountId), eq(uploads.uploadId, uploadId)));
    },

    async forgetUploads(untouchedSince, limit) {
      const old = tx
        .select({ uploadId: uploads.uploadId })
        .from(uploads)
        .where(lt(uploads.touchedAt, new Date(untouchedSince)))
        .limit(limit)
        .for('update', { skipLocked: true });
      const forgotten = await tx
        .delete(uploads)
        .where(inArray(uploads.uploadId, old))
        .returning({ id: uploads.uploadId });
      return forgotten.length;
    },

    async openAmong(uploadIds) {
      if (uploadIds.length === 0) return [];
      const rows = await tx
        .select({ uploadId: uploads.uploadId })
        .from(uploads)
        .where(and(inArray(uploads.uploadId, [...uploadIds]), eq(uploads.state, 'open')));
      return rows.map((row) => row.uploadId);
    },
  };
}

function toUpload({ sha256, sizeBytes, touchedAt, ...row }: typeof uploads.$inferSelect): Upload {
  return { ...row, blob: { sha256, sizeBytes }, touchedAt: touchedAt.getTime() };
}
