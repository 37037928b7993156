/** What an upload is of: enough to ask the hub for it again, so that nothing about it is kept here. */
export type UploadOf = { sha256: string; sizeBytes: bigint };

const PREFIX = 'upl_';
const SHA256_BYTES = 32;
const SIZE_BYTES = 8;

/** An upload's public id says which blob it brings; the hub checks at each use whether the caller may. */
export function writeUploadId({ sha256, sizeBytes }: UploadOf): string {
  const bytes = Buffer.alloc(SHA256_BYTES + SIZE_BYTES);
  bytes.write(sha256, 'hex');
  bytes.writeBigUInt64BE(sizeBytes, SHA256_BYTES);
  return PREFIX + bytes.toString('base64url');
}

export function readUploadId(id: string): UploadOf | undefined {
  if (!id.startsWith(PREFIX)) return undefined;
  const bytes = Buffer.from(id.slice(PREFIX.length), 'base64url');
  if (bytes.length !== SHA256_BYTES + SIZE_BYTES) return undefined;
  const sizeBytes = bytes.readBigUInt64BE(SHA256_BYTES);
  if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { sha256: bytes.toString('hex', 0, SHA256_BYTES), sizeBytes };
}
