/** Longest UTF-8 sequence. */
const MAX_SEQUENCE_BYTES = 4;

export type Utf8Joiner = {
  /** The text that is whole so far; bytes of half a character are kept. */
  push(bytes: Uint8Array): string;
  pendingBytes(): number;
  reset(): void;
};

/** Cuts a stream of bytes into text at the boundaries of characters; what is no UTF-8 becomes U+FFFD. */
export function utf8Joiner(): Utf8Joiner {
  let pending: Uint8Array = new Uint8Array();
  return {
    push(bytes) {
      const all = Buffer.concat([pending, bytes]);
      const whole = all.length - unfinishedBytes(all);
      pending = all.subarray(whole);
      return all.toString('utf8', 0, whole);
    },
    pendingBytes: () => pending.length,
    reset() {
      pending = new Uint8Array();
    },
  };
}

/** How many bytes at the end begin a character that is not finished. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back < MAX_SEQUENCE_BYTES && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    const isContinuation = (byte & 0b1100_0000) === 0b1000_0000;
    if (!isContinuation) return sequenceBytes(byte) > back ? back : 0;
  }
  return 0;
}

function sequenceBytes(lead: number): number {
  if ((lead & 0b1110_0000) === 0b1100_0000) return 2;
  if ((lead & 0b1111_0000) === 0b1110_0000) return 3;
  return (lead & 0b1111_1000) === 0b1111_0000 ? 4 : 1;
}
