import { describe, expect, it } from 'vitest';
import { createStreamRegistry } from './stream-registry.ts';

describe('the registry of streams', () => {
  it('gives a key so many streams and no more, and room again when one ends', () => {
    const registry = createStreamRegistry(2);
    const first = registry.open('key_1');
    expect([registry.open('key_1'), registry.open('key_2')].every(Boolean)).toBe(true);
    expect(registry.open('key_1')).toBeUndefined();
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(registry.open('key_1')).toBeDefined();
    expect(registry.open('key_1')).toBeUndefined();
  });

  it('ends the streams of one key alone', () => {
    const registry = createStreamRegistry(2);
    const [revoked, other] = [registry.open('key_1'), registry.open('key_2')];
    registry.endKey('key_1');
    expect([revoked?.signal.aborted, other?.signal.aborted, registry.count()]).toEqual([true, false, 2]);
  });

  it('ends all streams at a drain and opens no more', () => {
    const registry = createStreamRegistry(2);
    const stream = registry.open('key_1');
    registry.drain();
    expect(stream?.signal.aborted).toBe(true);
    expect(registry.open('key_2')).toBeUndefined();
  });
});
