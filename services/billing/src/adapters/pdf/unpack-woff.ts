import { invariant } from '@suanli/kernel';
import { inflateSync } from 'node:zlib';

const WOFF_SIGNATURE = 0x774f4646;
const WOFF_HEADER_BYTES = 44;
const WOFF_ENTRY_BYTES = 20;
const SFNT_HEADER_BYTES = 12;
const SFNT_ENTRY_BYTES = 16;

type Table = { tag: number; checksum: number; data: Buffer };

/**
 * A WOFF 1.0 file as the plain font that it packs. The PDF library reads WOFF too, but unpacks a table anew for each
 * glyph that it looks up.
 */
export function unpackWoff(woff: Buffer): Buffer {
  invariant(woff.readUInt32BE(0) === WOFF_SIGNATURE, 'the font is a WOFF file');
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, i) => readTable(woff, WOFF_HEADER_BYTES + i * WOFF_ENTRY_BYTES));
  const head = Buffer.alloc(SFNT_HEADER_BYTES + count * SFNT_ENTRY_BYTES);
  const power = 2 ** Math.floor(Math.log2(count));
  head.writeUInt32BE(woff.readUInt32BE(4), 0);
  head.writeUInt16BE(count, 4);
  head.writeUInt16BE(power * SFNT_ENTRY_BYTES, 6);
  head.writeUInt16BE(Math.log2(power), 8);
  head.writeUInt16BE((count - power) * SFNT_ENTRY_BYTES, 10);
  const parts: Buffer[] = [head];
  let offset = head.length;
  tables.forEach(({ tag, checksum, data }, i) => {
    const at = SFNT_HEADER_BYTES + i * SFNT_ENTRY_BYTES;
    [tag, checksum, offset, data.length].forEach((value, field) => void head.writeUInt32BE(value, at + 4 * field));
    const padding = (4 - (data.length % 4)) % 4;
    parts.push(data, Buffer.alloc(padding));
    offset += data.length + padding;
  });
  return Buffer.concat(parts);
}

function readTable(woff: Buffer, at: number): Table {
  const [tag, offset, packed, length, checksum] = [0, 4, 8, 12, 16].map((field) => woff.readUInt32BE(at + field));
  invariant(tag !== undefined && offset !== undefined && packed !== undefined, 'an entry has its fields');
  invariant(length !== undefined && checksum !== undefined, 'an entry has its fields');
  const bytes = woff.subarray(offset, offset + packed);
  return { tag, checksum, data: packed < length ? inflateSync(bytes) : bytes };
}
