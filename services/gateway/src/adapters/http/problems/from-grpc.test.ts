import { status } from '@grpc/grpc-js';
import type { GrpcErrorView } from '@suanli/grpc-kit';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from './catalogue.ts';
import { problemFromGrpc } from './from-grpc.ts';

const refused = (fields: Partial<GrpcErrorView>): GrpcErrorView => ({
  kind: 'refused',
  status: status.FAILED_PRECONDITION,
  message: 'words of the service',
  metadata: {},
  ...fields,
});

describe('problemFromGrpc', () => {
  it.each<[string, Partial<GrpcErrorView>, string, number]>([
    [
      'a reason of the catalogue is its code',
      { reason: 'JOB_NOT_FOUND', status: status.NOT_FOUND },
      'job_not_found',
      404,
    ],
    ['no money is 402', { reason: 'INSUFFICIENT_FUNDS' }, 'insufficient_funds', 402],
    ['a transfer that its payer cannot pay is 402', { reason: 'EXCEEDS_CREDITS' }, 'exceeds_credits', 402],
    ['a request id used twice is the key used twice', { reason: 'REQUEST_ID_REUSED' }, 'idempotency_key_reused', 422],
    [
      'an unknown reason falls back to its status',
      { reason: 'SOMETHING_NEW', status: status.NOT_FOUND },
      'not_found',
      404,
    ],
    ['a service that is away is 503', { kind: 'unavailable', status: status.UNAVAILABLE }, 'service_unavailable', 503],
    ['a deadline is 503', { kind: 'deadline', status: status.DEADLINE_EXCEEDED }, 'deadline_exceeded', 503],
    ['a bug of a service is 500', { kind: 'failed', status: status.INTERNAL }, 'internal_error', 500],
    [
      'a token of ours that is not believed is our fault',
      { reason: 'TOKEN_INVALID', status: status.UNAUTHENTICATED },
      'internal_error',
      500,
    ],
  ])('%s', (_story, view, code, httpStatus) => {
    const found = problemFromGrpc(refused(view));
    expect([found.code, PROBLEMS[found.code].status]).toEqual([code, httpStatus]);
  });

  it('tells the shortfall as money, and other figures by snake_case names', () => {
    const { extras } = problemFromGrpc(refused({ reason: 'INSUFFICIENT_FUNDS', metadata: { missingMicros: '42' } }));
    expect(extras).toMatchObject({ shortfall_micros: '42', currency: 'CNY', details: { missing_micros: '42' } });
  });

  it('leaves JSON pointers and ids among the figures as they are', () => {
    const metadata = { '/do/0/callIt': 'unknown', 'cn-shanghai': 'no such SKU' };
    expect(problemFromGrpc(refused({ reason: 'JOB_IMPOSSIBLE', metadata })).extras.details).toEqual(metadata);
  });

  it('keeps words of failures for the log', () => {
    const found = problemFromGrpc(refused({ kind: 'failed', status: status.INTERNAL, message: 'password=…' }));
    expect(found.message).not.toContain('password');
  });
});
