import { expect, it } from 'vitest';
import { findLedger } from './find-ledger.ts';

const here = { billing: 'postgres://here/billing', scheduler: 'postgres://here/scheduler' };

it('a platform that runs here tells both databases', () => {
  const { liveAttempts, ledger } = findLedger({}, here);
  expect(liveAttempts).toMatchObject({ program: process.execPath, env: { DATABASE_URL: here.scheduler } });
  expect(liveAttempts?.args.at(-1)).toBe('services/scheduler/src/verify.ts');
  expect(ledger.env).toEqual({ DATABASE_URL: here.billing });
  expect(ledger.args.slice(-3)).toEqual(['services/billing/src/verify.ts', '--workloads', '-']);
});

it('a ledger that is named alone is not matched to the work of whatever platform runs here', () => {
  const { liveAttempts, ledger } = findLedger({ DATABASE_URL: 'postgres://there' }, here);
  expect(liveAttempts).toBeUndefined();
  expect(ledger.env).toEqual({ DATABASE_URL: 'postgres://there' });
  expect(ledger.args).not.toContain('--workloads');
});

it('both may be named', () => {
  const env = { DATABASE_URL: 'postgres://there', SCHEDULER_DATABASE_URL: 'postgres://there/too' };
  const { liveAttempts, ledger } = findLedger(env, here);
  expect(liveAttempts?.env).toEqual({ DATABASE_URL: 'postgres://there/too' });
  expect(ledger.args).toContain('--workloads');
});

it('without a platform here each service of docker compose is asked in its own container', () => {
  const { liveAttempts, ledger } = findLedger({}, undefined);
  expect([liveAttempts?.program, ...(liveAttempts?.args.slice(0, 4) ?? [])]).toEqual(
    'docker compose exec -T scheduler'.split(' '),
  );
  expect([ledger.program, ...ledger.args.slice(0, 4)]).toEqual('docker compose exec -T billing'.split(' '));
  expect(ledger.args).toContain('--workloads');
});
