import { expect, it } from 'vitest';
import { fillLockfile } from './fill-lockfile.ts';

it('gives every optional package of another system an entry, and leaves known ones as they are', () => {
  const known = { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] };
  const lockfile = {
    packages: {
      'node_modules/tool': {
        dev: true,
        optionalDependencies: { '@tool/darwin-arm64': '1.0.0', '@tool/linux-x64': '1.0.0', '@tool/win-64': '1.0.0' },
      },
      'node_modules/@tool/linux-x64': known,
    },
  };
  expect(fillLockfile(lockfile)).toEqual(['@tool/darwin-arm64', '@tool/win-64']);
  expect(lockfile.packages).toMatchObject({
    'node_modules/@tool/darwin-arm64': { version: '1.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] },
    'node_modules/@tool/win-64': { os: ['win32'], cpu: ['x64'] },
    'node_modules/@tool/linux-x64': known,
  });
  expect(fillLockfile(lockfile)).toEqual([]);
});

it('sees an entry that stands inside its parent', () => {
  const lockfile = {
    packages: {
      'node_modules/a/node_modules/tool': { optionalDependencies: { 'tool-darwin-x64': '2.0.0' } },
      'node_modules/a/node_modules/tool-darwin-x64': { version: '2.0.0' },
    },
  };
  expect(fillLockfile(lockfile)).toEqual([]);
});
