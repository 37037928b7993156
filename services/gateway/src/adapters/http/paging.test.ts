import { createIdSource } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { ownList, pageWish } from './paging.ts';

const ids = createIdSource(
  () => 1_760_000_000_000,
  (size) => new Uint8Array(size).fill(7),
);
const row = { id: ids.next('key'), createdAt: 1_760_000_000_123 };

describe('cursors of our own lists', () => {
  it('lead back to the row that they were made from', () => {
    const list = ownList(
      { items: [row], hasMore: true },
      (one) => one,
      (one) => one.id,
    );
    expect(list).toMatchObject({ data: [row.id], has_more: true });
    expect(pageWish({ limit: 1, cursor: list.next_cursor }).after).toEqual(row);
  });

  it('are absent on the last page', () => {
    expect(
      ownList(
        { items: [row], hasMore: false },
        (one) => one,
        (one) => one.id,
      ),
    ).not.toHaveProperty('next_cursor');
  });

  it.each(['x', 'AAAA', Buffer.from('12 key_1; drop table').toString('base64url'), ''])(
    'that nobody gave out are refused: %j',
    (cursor) => {
      expect(() => pageWish({ limit: 1, cursor })).toThrow('cursor');
    },
  );
});
