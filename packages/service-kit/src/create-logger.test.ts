import { describe, expect, it } from 'vitest';
import { createLogger, scrub } from './create-logger.ts';

function capture(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'billing',
    level,
    replicaId: 'b-1',
    destination: { write: (line) => void lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes JSON with level, service, replica and a time in UTC', () => {
    const { logger, last } = capture();
    logger.child({ component: 'relay' }).info({ count: 2 }, 'published');
    expect(last()).toMatchObject({
      level: 'info',
      service: 'billing',
      replica: 'b-1',
      component: 'relay',
      count: 2,
      msg: 'published',
    });
    expect(last()['time']).toMatch(/^\d{4}-.*Z$/);
  });

  it('blots out secrets at the top and up to two levels down', () => {
    const { logger, lines } = capture();
    const secret = 'hunter2';
    logger.info(
      {
        password: secret,
        headers: { authorization: secret },
        request: { headers: { apiKey: secret }, body: { token: secret } },
      },
      'x',
    );
    expect(lines.join()).not.toContain(secret);
  });

  it('cuts credentials out of the words of errors', () => {
    const { logger, lines } = capture();
    logger.error(
      { err: new Error('cannot reach postgres://billing:hunter2@db:5432/x with Bearer hunter2.abc') },
      'failed',
    );
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('postgres://billing:[redacted]@db:5432/x');
  });

  it('leaves the parameters of a statement out of the error of a query', () => {
    const { logger, lines } = capture();
    const failed = new Error('Failed query: insert into keys values ($1)\nparams: hunter2,a\nhunter2');
    logger.error({ err: Object.assign(failed, { query: 'insert', params: ['hunter2'] }) }, 'failed');
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('Failed query');
    expect(lines.join()).toContain('create-logger.test.ts');
  });

  it('keeps the cause of an error', () => {
    const { logger, lines } = capture();
    logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines.join()).toContain('inner');
  });

  it('can say amounts, which are bigints', () => {
    const { logger, lines } = capture();
    logger.info({ amountMicros: 9_007_199_254_740_993n }, 'charged');
    expect(lines.join()).toContain('9007199254740993');
  });

  it('says nothing below its level', () => {
    const { logger, lines } = capture('warn');
    logger.info({}, 'x');
    expect(lines).toEqual([]);
  });
});

describe('scrub', () => {
  it('leaves ordinary text alone', () => {
    const text = 'GET https://example.com/a:b?mail=x@y.z took 3 ms';
    expect(scrub(text)).toBe(text);
  });
});
