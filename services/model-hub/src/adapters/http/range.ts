import type { ByteRange } from '../../app/blob/blob-store.ts';

export type RangeAnswer =
  /** No range, several, or one that makes no sense: the whole is sent, as RFC 9110 allows. */
  { kind: 'whole' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' };

const SINGLE = /^bytes=(\d{1,15})?-(\d{1,15})?$/;

/** What a `Range` header asks of `sizeBytes` bytes. */
export function readRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const [, first, last] = SINGLE.exec(header?.replaceAll(' ', '') ?? '') ?? [];
  if (first === undefined && last === undefined) return { kind: 'whole' };
  if (first === undefined) {
    const fromByte = Math.max(0, sizeBytes - Number(last));
    return fromByte < sizeBytes ? { kind: 'part', range: { fromByte, toByte: sizeBytes } } : { kind: 'unsatisfiable' };
  }
  const fromByte = Number(first);
  if (last !== undefined && Number(last) < fromByte) return { kind: 'whole' };
  if (fromByte >= sizeBytes) return { kind: 'unsatisfiable' };
  const toByte = last === undefined ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return { kind: 'part', range: { fromByte, toByte } };
}

/** Whether one of the tags of `If-None-Match` is this one (weakly: the bytes are the same or they are not). */
export function namesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
