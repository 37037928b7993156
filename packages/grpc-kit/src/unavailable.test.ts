import { describe, expect, it } from 'vitest';
import { isUnavailableError } from './unavailable.ts';

const coded = (code: string | number, name = 'Error') => Object.assign(new Error('x'), { code, name });

describe('isUnavailableError', () => {
  it.each<[string, unknown]>([
    ['a refused connection', coded('ECONNREFUSED')],
    ['PostgreSQL that shuts down', coded('57P01')],
    ['PostgreSQL that starts up', coded('57P03')],
    ['a connection exception of PostgreSQL', coded('08006')],
    ['a pool that has no connection to give', new Error('timeout exceeded when trying to connect')],
    ['NATS without responders', coded('503', 'NatsError')],
    ['NATS that is gone', coded('CONNECTION_CLOSED', 'NatsError')],
    ['Redis that is gone', new Error('Connection is closed.')],
    ['a cause inside a wrapper', new Error('query failed', { cause: new Error('again', { cause: coded('57P01') }) })],
    ['all addresses of a host refused', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['a call that found nobody', Object.assign(new Error(), { kind: 'unavailable' })],
  ])('knows %s', (_story, error) => expect(isUnavailableError(error)).toBe(true));

  it.each<[string, unknown]>([
    ['a broken constraint', coded('23505')],
    ['a bug', new TypeError('x is not a function')],
    ['a number that looks like a status', coded(503)],
    ['another client’s 503', coded('503')],
    ['a deadline', Object.assign(new Error(), { kind: 'deadline' })],
    ['nothing', undefined],
    ['a string', 'ECONNREFUSED'],
  ])('does not excuse %s', (_story, error) => expect(isUnavailableError(error)).toBe(false));

  it('ends on a cause that points to itself', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(isUnavailableError(error)).toBe(false);
  });
});
