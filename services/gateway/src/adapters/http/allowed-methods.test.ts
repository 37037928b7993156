import { describe, expect, it } from 'vitest';
import { createAllowedMethods } from './allowed-methods.ts';

describe('the methods of a path', () => {
  const methods = createAllowedMethods();
  methods.add({ method: 'GET', url: '/v1/jobs/:id' });
  methods.add({ method: 'POST', url: '/v1/jobs' });
  methods.add({ method: ['GET', 'HEAD'], url: '/v1/repositories/:id/files/*' });
  methods.add({ method: 'GET', url: '/.well-known/jwks.json' });

  it.each<[string, string[]]>([
    ['/v1/jobs', ['POST']],
    ['/v1/jobs/job_1', ['GET']],
    ['/v1/jobs/job_1/logs', []],
    ['/v1/repositories/rep_1/files/a/b.txt', ['GET', 'HEAD']],
    ['/.well-known/jwks.json', ['GET']],
    ['/.well-known/jwksxjson', []],
  ])('%s', (path, want) => {
    expect(methods.at(path)).toEqual(want);
  });
});
