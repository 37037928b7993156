import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkJournal } from './migrate.ts';

describe('checkJournal', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    await mkdir(join(folder, 'meta'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const write = (...whens: number[]) => {
    const entries = whens.map((when, idx) => ({ idx, when, tag: `000${idx}` }));
    return writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries }));
  };

  it('accepts migrations dated one after the other', async () => {
    await write(1, 2, 3);
    await expect(checkJournal(folder)).resolves.toBeUndefined();
  });

  it.each([
    ['earlier than', [1, 3, 2]],
    ['the same as', [1, 2, 2]],
  ])('refuses a migration dated %s the one before: it would be skipped silently', async (_case, whens) => {
    await write(...whens);
    await expect(checkJournal(folder)).rejects.toThrow('0002 is dated no later than 0001');
  });
});
