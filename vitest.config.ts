import { defineConfig } from 'vitest/config';

const IGNORED = ['**/node_modules/**', 'tools/toolchain/**', '**/dist/**', '.data/**'];
const REAL_SERVERS = {
  globalSetup: ['packages/test-kit/src/global-setup.ts'],
  setupFiles: ['packages/test-kit/src/setup-file.ts'],
  pool: 'forks',
} as const;
/** Files of real servers side by side: they mostly wait for the servers, which want cores too. */
const MAX_WORKERS = 3;
const SECOND_MS = 1_000;

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{services,packages}/*/{src,test}/**/*.test.ts',
            '{proto,tools}/**/*.test.ts',
            'tests/tidy/**/*.test.ts',
          ],
          exclude: [...IGNORED, '**/*.int.test.ts', '**/*.soak.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...REAL_SERVERS,
          name: 'int',
          include: ['{services,packages}/*/test/**/*.int.test.ts', '{tools,tests/tidy}/**/*.int.test.ts'],
          exclude: IGNORED,
          maxWorkers: MAX_WORKERS,
          testTimeout: 30 * SECOND_MS,
          hookTimeout: 60 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          globalSetup: ['tests/support/global-setup.ts'],
          include: ['tests/e2e/**/*.e2e.test.ts'],
          exclude: IGNORED,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 180 * SECOND_MS,
          hookTimeout: 180 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['tests/conformance/**/*.test.ts'],
          exclude: IGNORED,
          testTimeout: 120 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          globalSetup: ['tests/support/global-setup.ts'],
          include: ['tests/soak/**/*.test.ts'],
          exclude: IGNORED,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 3_600 * SECOND_MS,
          hookTimeout: 180 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          ...REAL_SERVERS,
          name: 'soak-of-services',
          include: ['services/*/test/**/*.soak.test.ts'],
          exclude: IGNORED,
          fileParallelism: false,
          testTimeout: 3_600 * SECOND_MS,
          hookTimeout: 180 * SECOND_MS,
        },
      },
    ],
  },
});
