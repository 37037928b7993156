import { describe, expect, it } from 'vitest';
import { namesTag, readRange } from './range.ts';

describe('readRange', () => {
  it.each([
    ['no header', undefined, { kind: 'whole' }],
    ['from the start', 'bytes=0-0', { kind: 'part', range: { fromByte: 0, toByte: 1 } }],
    ['an open end', 'bytes=90-', { kind: 'part', range: { fromByte: 90, toByte: 100 } }],
    ['the last bytes', 'bytes=-10', { kind: 'part', range: { fromByte: 90, toByte: 100 } }],
    ['more last bytes than there are', 'bytes=-1000', { kind: 'part', range: { fromByte: 0, toByte: 100 } }],
    ['an end beyond the end', 'bytes=10-1000', { kind: 'part', range: { fromByte: 10, toByte: 100 } }],
    ['a start beyond the end', 'bytes=100-', { kind: 'unsatisfiable' }],
    ['no last bytes', 'bytes=-0', { kind: 'unsatisfiable' }],
    ['several ranges', 'bytes=0-1,5-6', { kind: 'whole' }],
    ['a range backwards', 'bytes=5-1', { kind: 'whole' }],
    ['another unit', 'lines=1-2', { kind: 'whole' }],
    ['nothing', 'bytes=-', { kind: 'whole' }],
  ])('%s', (_story, header, want) => {
    expect(readRange(header, 100)).toEqual(want);
  });

  it('no range of an empty blob can be satisfied', () => {
    expect(readRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' });
    expect(readRange('bytes=-5', 0)).toEqual({ kind: 'unsatisfiable' });
  });
});

describe('namesTag', () => {
  it.each([
    [undefined, false],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['*', true],
    ['"b"', false],
  ])('%s', (header, want) => {
    expect(namesTag(header, '"a"')).toBe(want);
  });
});
