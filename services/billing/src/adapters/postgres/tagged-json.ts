/** JSON that keeps whole numbers of any size: a bigint travels as `{"$bigint": "…"}`. For columns only we read. */
export function toTaggedJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? { $bigint: one.toString() } : one)),
  );
}

export function fromTaggedJson<T>(stored: unknown): T {
  return JSON.parse(JSON.stringify(stored), (_key, one: unknown) => (isTagged(one) ? BigInt(one.$bigint) : one)) as T;
}

function isTagged(value: unknown): value is { $bigint: string } {
  return typeof value === 'object' && value !== null && '$bigint' in value && typeof value.$bigint === 'string';
}
