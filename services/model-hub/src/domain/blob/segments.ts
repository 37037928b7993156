/**
 * One uninterrupted stretch of an upload. Each is written by exactly one connection and by no other ever after, so no
 * two writers, on whatever replica, can harm each other; what counts as uploaded is the chain that they form.
 */
export type Segment = { id: string; fromByte: number; lengthBytes: number };

/** A part of a segment that the whole takes over: `lengthBytes` from `skipBytes` on. */
export type Link = { segment: Segment; skipBytes: number; lengthBytes: number };

/** The longest gapless chain from byte 0, bounded by the size of the blob. Links tile `[0, reachedBytes)`. */
export function chainOf(segments: readonly Segment[], sizeBytes: number): { reachedBytes: number; links: Link[] } {
  const links: Link[] = [];
  let reached = 0;
  while (reached < sizeBytes) {
    const next = furthestFrom(segments, reached);
    if (next === undefined) break;
    const end = Math.min(next.fromByte + next.lengthBytes, sizeBytes);
    links.push({ segment: next, skipBytes: reached - next.fromByte, lengthBytes: end - reached });
    reached = end;
  }
  return { reachedBytes: reached, links };
}

function furthestFrom(segments: readonly Segment[], position: number): Segment | undefined {
  let best: Segment | undefined;
  for (const segment of segments) {
    const end = segment.fromByte + segment.lengthBytes;
    if (segment.fromByte > position || end <= position) continue;
    if (best === undefined || end > best.fromByte + best.lengthBytes) best = segment;
  }
  return best;
}
