import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { isUnavailable, sqlState } from './errors.ts';

const pgError = (code: string) => Object.assign(new Error(`postgres says ${code}`), { code });
const wrapped = (error: Error) =>
  new Error('a use case failed', { cause: new DrizzleQueryError('select 1', [], error) });

describe('sqlState', () => {
  it.each([
    ['an error of the driver', pgError('23505'), '23505'],
    ['an error wrapped by drizzle and a caller', wrapped(pgError('40001')), '40001'],
    ['an error of the network', pgError('EPIPE'), undefined],
    ['no error at all', 'text', undefined],
  ])('reads the code of %s', (_case, error, state) => {
    expect(sqlState(error)).toBe(state);
  });
});

describe('isUnavailable', () => {
  it.each([
    ['a refused connection', pgError('ECONNREFUSED')],
    ['a refused connection on two addresses', new AggregateError([pgError('ECONNREFUSED'), pgError('ECONNREFUSED')])],
    ['a broken pipe', pgError('EPIPE')],
    ['a terminated backend', wrapped(pgError('57P01'))],
    ['a server that starts', pgError('57P03')],
    ['too many connections', pgError('53300')],
    ['a standby', pgError('25006')],
    ['a lock not had in time', pgError('55P03')],
    ['a connection that ended', wrapped(new Error('Connection terminated unexpectedly'))],
  ])('is true for %s', (_case, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each([
    ['a broken constraint', wrapped(pgError('23505'))],
    ['a syntax error', pgError('42601')],
    ['a statement that took too long', pgError('57014')],
    ['a bug', new TypeError('x is undefined')],
  ])('is false for %s', (_case, error) => {
    expect(isUnavailable(error)).toBe(false);
  });
});
