import { eventually } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { silentProgress } from '../progress.ts';
import { pauseMs, type Runnable, supervise } from './supervise.ts';

const EX_CONFIG = 78;

it('starts again what dies, and not what was told to stop', async () => {
  const fleet = fakeProcesses();
  const kept = await supervise({ name: 'x', start: fleet.start, progress: silentProgress, onChange: () => {} });
  expect(kept.pid()).toBe(1);
  await kept.kill('SIGKILL');
  await eventually(async () => expect(kept.pid()).toBe(2));
  await kept[Symbol.asyncDispose]();
  expect(kept.pid()).toBeUndefined();
  expect(fleet.started()).toBe(2);
});

it('gives up on a process that refuses its configuration', async () => {
  const fleet = fakeProcesses();
  await using kept = await supervise({ name: 'x', start: fleet.start, progress: silentProgress, onChange: () => {} });
  fleet.exit(EX_CONFIG);
  await eventually(async () => expect(kept.failure()).toContain('exit code 78'));
  expect(fleet.started()).toBe(1);
});

it('fails when the first start fails', async () => {
  const start = () => Promise.reject(new Error('no such program'));
  await expect(supervise({ name: 'x', start, progress: silentProgress, onChange: () => {} })).rejects.toThrow(
    'no such program',
  );
});

it('waits longer after each death, five seconds at most', () => {
  expect([1, 2, 3, 20].map(pauseMs)).toEqual([100, 200, 400, 5_000]);
});

function fakeProcesses() {
  let count = 0;
  let end: (exit: { code: number | null; signal: NodeJS.Signals | null }) => void = () => {};
  const start = async (): Promise<Runnable> => {
    count += 1;
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      end = resolve;
    });
    const kill = (signal: NodeJS.Signals) => {
      end({ code: null, signal });
      return true;
    };
    return { pid: count, exited, kill, stop: async () => kill('SIGTERM') };
  };
  return { start, started: () => count, exit: (code: number) => end({ code, signal: null }) };
}
