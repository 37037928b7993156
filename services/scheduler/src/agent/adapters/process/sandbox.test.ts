import { describe, expect, it } from 'vitest';
import { refuseMountPath, taskEnvironment } from './sandbox.ts';

describe('refuseMountPath', () => {
  it.each(['/data', '/work/input', '/mnt/a-b_c.d'])('lets %s be', (path) => {
    expect(refuseMountPath(path)).toBeUndefined();
  });

  it.each([
    'data',
    '/',
    '/usr',
    '/usr/lib/x',
    '/proc',
    '/dev/shm',
    '/etc/passwd',
    '/run/suanli',
    '/a/../usr',
    '/work',
    '/a b',
  ])('refuses %s', (path) => expect(refuseMountPath(path)).toBeDefined());
});

describe('taskEnvironment', () => {
  it('lets no task replace what the platform sets', () => {
    const task = { jobId: 'job_a', epoch: 2, index: 1, taskCount: 4, region: 'r', jobKey: 'k', gpuDevices: [0] };
    const env = taskEnvironment({
      ...task,
      env: { PATH: '/evil', SUANLI_JOB_ID: 'x', CUDA_VISIBLE_DEVICES: '7', OWN: 'yes' },
    });
    expect(env).toMatchObject({ OWN: 'yes', SUANLI_JOB_ID: 'job_a', SUANLI_EPOCH: '2', CUDA_VISIBLE_DEVICES: '0' });
    expect(env['PATH']).not.toContain('evil');
  });
});
