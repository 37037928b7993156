import { describe, expect, it } from 'vitest';
import { isWholeNumber, pageInfo, readPage } from './page.ts';

describe('pages', () => {
  const { nextCursor } = pageInfo('entries', { rows: [], hasMore: true, nextKey: '41' });

  it('go on where the page before ended', () => {
    expect(readPage('entries', { limit: 7, cursor: nextCursor }, isWholeNumber)).toEqual({ limit: 7, after: '41' });
    expect(
      readPage('prices', {
        limit: 0,
        cursor: pageInfo('prices', { rows: [], hasMore: true, nextKey: 'a:b|*' }).nextCursor,
      }),
    ).toEqual({ limit: 50, after: 'a:b|*' });
    expect(readPage('entries', undefined)).toEqual({ limit: 50 });
  });

  it.each([
    ['another list’s cursor', 'holds', nextCursor],
    ['no cursor of ours', 'entries', 'zzz'],
    ['a key that is no number', 'entries', Buffer.from('entries:1; drop').toString('base64url')],
  ])('refuse %s', (_story, list, cursor) => {
    expect(() => readPage(list, { limit: 1, cursor }, isWholeNumber)).toThrow('CURSOR_INVALID');
  });

  it.each([-1, 201])('refuse a limit of %s', (limit) => {
    expect(() => readPage('holds', { limit, cursor: '' })).toThrow('LIMIT_OUT_OF_RANGE');
  });
});
