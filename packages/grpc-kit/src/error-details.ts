import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  MAX_DETAILS_BYTES,
  MAX_ERROR_MESSAGE_CHARS,
  MAX_METADATA_ENTRIES,
  MAX_METADATA_KEY_CHARS,
  MAX_METADATA_VALUE_CHARS,
  MAX_REASON_CHARS,
} from './limits.ts';
import type { GrpcRefusal } from './refusal.ts';

/** Who gives the reasons their meaning. */
export const ERROR_DOMAIN = 'suanli.dev';
/** The trailer that carries google.rpc.Status. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';

export type ErrorInfo = { reason: string; domain: string; metadata: Record<string, string> };

/**
 * google.rpc.Status with one google.rpc.ErrorInfo. Written by hand: three tiny messages do not justify generated code.
 * Bounded: an oversized trailer would make proxies drop the answer, so figures are cut before the status is lost.
 */
export function encodeDetails(refusal: GrpcRefusal): Buffer {
  const entries = Object.entries(refusal.metadata ?? {})
    .slice(0, MAX_METADATA_ENTRIES)
    .map(
      ([key, value]) => [boundText(key, MAX_METADATA_KEY_CHARS), boundText(value, MAX_METADATA_VALUE_CHARS)] as const,
    );
  for (;;) {
    const bytes = encodeStatus(refusal, entries);
    if (bytes.length <= MAX_DETAILS_BYTES || entries.length === 0) return Buffer.from(bytes);
    entries.pop();
  }
}

function encodeStatus(refusal: GrpcRefusal, metadata: readonly (readonly [string, string])[]): Uint8Array {
  const info = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(boundText(refusal.reason, MAX_REASON_CHARS))
    .tag(2, WireType.LengthDelimited)
    .string(ERROR_DOMAIN);
  for (const [key, value] of metadata) {
    info.tag(3, WireType.LengthDelimited).fork();
    info.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value).join();
  }
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(refusal.code)
    .tag(2, WireType.LengthDelimited)
    .string(boundText(refusal.message, MAX_ERROR_MESSAGE_CHARS))
    .tag(3, WireType.LengthDelimited)
    .fork()
    .tag(1, WireType.LengthDelimited)
    .string(ERROR_INFO_TYPE)
    .tag(2, WireType.LengthDelimited)
    .bytes(info.finish())
    .join()
    .finish();
}

/** The first ErrorInfo of a google.rpc.Status; undefined when there is none or the bytes are not a Status. */
export function decodeDetails(bytes: Uint8Array): ErrorInfo | undefined {
  try {
    for (const detail of fieldsOf(bytes, 3)) {
      const type = text(fieldsOf(detail, 1)[0]);
      const value = fieldsOf(detail, 2)[0];
      if (type === ERROR_INFO_TYPE && value) return decodeErrorInfo(value);
    }
    return undefined;
  } catch (error) {
    // The peer's bytes, not ours: a malformed trailer only costs its own details, the status itself came apart from it.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function decodeErrorInfo(bytes: Uint8Array): ErrorInfo {
  const metadata = Object.fromEntries(
    fieldsOf(bytes, 3).map((entry) => [text(fieldsOf(entry, 1)[0]), text(fieldsOf(entry, 2)[0])]),
  );
  return { reason: text(fieldsOf(bytes, 1)[0]), domain: text(fieldsOf(bytes, 2)[0]), metadata };
}

/** The length-delimited values of one field of a message; everything else is skipped. */
export function fieldsOf(message: Uint8Array, fieldNo: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === fieldNo && wireType === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(wireType, field);
  }
  return found;
}

function text(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes).toString('utf8') : '';
}

/** At most `maxChars`, and well-formed: a lone surrogate would make the transport throw while it sends the status. */
export function boundText(value: string, maxChars: number): string {
  const cut = value.length > maxChars ? `${value.slice(0, maxChars - 1)}…` : value;
  return Buffer.from(cut, 'utf8').toString('utf8');
}
