import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@suanli/test-kit';
import { afterEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('fixtures/lab-main.ts', import.meta.url));
const task = fileURLToPath(new URL('fixtures/task-main.ts', import.meta.url));
const otel = fileURLToPath(new URL('../src/otel.ts', import.meta.url));
const good = { LAB_URL: 'http://localhost', LAB_SECRET: 'hunter2' };

describe('run', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  function start(variables: Record<string, string>, nodeArgs: string[] = [], entry = main) {
    const child = spawn(process.execPath, [...nodeArgs, entry], {
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    const says = (text: string) => eventually(() => output.includes(text));
    return { child, exited, says, output: () => output };
  }

  it('starts, stops on SIGTERM and exits with 0', async () => {
    const lab = start(good);
    await lab.says('"started"');
    lab.child.kill('SIGTERM');
    expect(await lab.exited).toBe(0);
    expect(lab.output()).toContain('"lab stopped"');
    expect(lab.output()).toContain('"service":"lab"');
  });

  it('lists every problem of the configuration and exits with 78', async () => {
    const lab = start({ LAB_FAULT: 'yes', LOG_LEVEL: 'info' });
    expect(await lab.exited).toBe(78);
    for (const key of ['LAB_FAULT', 'LAB_URL', 'LAB_SECRET']) expect(lab.output()).toContain(key);
  });

  it('never logs a secret', async () => {
    const lab = start(good);
    await lab.says('"lab runs"');
    lab.child.kill('SIGTERM');
    await lab.exited;
    expect(lab.output()).not.toContain('hunter2');
  });

  it('exits with 1 when it cannot start, after it has cleaned up', async () => {
    const lab = start({ ...good, LAB_FAULT: 'start' });
    expect(await lab.exited).toBe(1);
    expect(lab.output()).toContain('no port');
    expect(lab.output()).toContain('"lab stopped"');
  });

  it('exits with 1 when it cannot stop', async () => {
    const lab = start({ ...good, LAB_FAULT: 'stop' });
    await lab.says('"started"');
    lab.child.kill('SIGINT');
    expect(await lab.exited).toBe(1);
  });

  it('exits at once on a second signal, whatever hangs', async () => {
    const lab = start({ ...good, LAB_FAULT: 'hang' });
    await lab.says('"started"');
    lab.child.kill('SIGTERM');
    await lab.says('"stopping"');
    lab.child.kill('SIGTERM');
    expect(await lab.exited).toBe(1);
  });

  it('exits at the limit of its stop when something hangs', async () => {
    const lab = start({ ...good, LAB_FAULT: 'hang' });
    await lab.says('"started"');
    lab.child.kill('SIGTERM');
    expect(await lab.exited).toBe(1);
    expect(lab.output()).toContain('stop took too long');
  });

  it('does not survive a rejection that nobody handles', async () => {
    const lab = start({ ...good, LAB_FAULT: 'rejection' });
    expect(await lab.exited).toBe(1);
    expect(lab.output()).toContain('forgotten');
  });

  it('runs with the tracing preload, with and without a collector', async () => {
    for (const variables of [good, { ...good, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }]) {
      const lab = start(variables, ['--import', otel]);
      await lab.says('"started"');
      lab.child.kill('SIGTERM');
      expect(await lab.exited).toBe(0);
    }
  });

  it('lets a task run to its end, and says by the exit code how it went', async () => {
    const [good, bad] = [start({}, [], task), start({ LAB_FAIL: '1' }, [], task)];
    expect(await Promise.all([good.exited, bad.exited])).toEqual([0, 1]);
    expect(good.output()).toContain('"done"');
    expect(bad.output()).toContain('no table');
  });
});
