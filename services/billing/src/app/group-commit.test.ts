import { deferred, eventually } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { groupCommit } from './group-commit.ts';

const LIMITS = { maxCommands: 4, maxInFlight: 1, mayBeOneCallers: () => true };

describe('a group commit', () => {
  it('runs a lone caller at once and answers in the order of its commands', async () => {
    const group = groupCommit({ ...LIMITS, run: async (commands: readonly number[]) => commands.map((n) => n * 10) });
    expect(await group.submit([3, 1, 2])).toEqual([30, 10, 20]);
  });

  it('gathers those who come while a batch is under way, and gives each its own answers', async () => {
    const batches: number[][] = [];
    const gate = deferred<void>();
    const group = groupCommit({
      ...LIMITS,
      async run(commands: readonly number[]) {
        batches.push([...commands]);
        if (batches.length === 1) await gate.promise;
        return commands.map((n) => n * 10);
      },
    });
    const first = group.submit([1]);
    await eventually(async () => batches.length === 1, { timeoutMs: 1_000 });
    const others = [group.submit([2]), group.submit([3, 4]), group.submit([5])];
    gate.resolve();
    expect([await first, ...(await Promise.all(others))]).toEqual([[10], [20], [30, 40], [50]]);
    expect(batches).toEqual([[1], [2, 3, 4, 5]]);
  });

  it('never tears the commands of one call apart, however many they are', async () => {
    const sizes: number[] = [];
    const group = groupCommit({
      ...LIMITS,
      async run(commands: readonly number[]) {
        sizes.push(commands.length);
        return [...commands];
      },
    });
    await Promise.all([group.submit([1, 2, 3]), group.submit([4, 5, 6]), group.submit([1, 2, 3, 4, 5, 6, 7])]);
    expect(sizes).toEqual([3, 3, 7]);
  });

  it('lets one caller’s poison fail that caller alone', async () => {
    const group = groupCommit({
      ...LIMITS,
      async run(commands: readonly number[]) {
        if (commands.includes(13)) throw new Error('thirteen');
        return [...commands];
      },
    });
    const answers = await Promise.allSettled([group.submit([1]), group.submit([13]), group.submit([2])]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails all of a batch at once, without trying again, when a server is away', async () => {
    let runs = 0;
    const group = groupCommit({
      ...LIMITS,
      mayBeOneCallers: () => false,
      async run(): Promise<number[]> {
        runs++;
        throw new Error('away');
      },
    });
    const answers = await Promise.allSettled([group.submit([1]), group.submit([2])]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
  });
});
