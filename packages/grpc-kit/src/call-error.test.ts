import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { readGrpcError } from './call-error.ts';
import { notFound } from './refusal.ts';
import { statusOfRefusal } from './server/to-status.ts';

const serviceError = (code: number, metadata = new Metadata()) =>
  Object.assign(new Error('x'), { code, details: 'no', metadata });

describe('readGrpcError', () => {
  it.each([
    [status.DEADLINE_EXCEEDED, 'deadline'],
    [status.UNAVAILABLE, 'unavailable'],
    [status.CANCELLED, 'cancelled'],
    [status.INTERNAL, 'failed'],
    [status.UNIMPLEMENTED, 'failed'],
    [status.NOT_FOUND, 'refused'],
    [status.FAILED_PRECONDITION, 'refused'],
    [status.RESOURCE_EXHAUSTED, 'refused'],
  ])('reads status %s as %s', (code, kind) => expect(readGrpcError(serviceError(code)).kind).toBe(kind));

  it('reads the reason that a server of ours gave', () => {
    const sent = statusOfRefusal(notFound('job_gone', 'gone', { jobId: 'job_1' }));
    expect(readGrpcError(serviceError(sent.code, sent.metadata))).toEqual({
      kind: 'refused',
      status: status.NOT_FOUND,
      reason: 'JOB_GONE',
      message: 'no',
      metadata: { jobId: 'job_1' },
    });
  });

  it('takes anything else for a failure', () => {
    expect(readGrpcError(new Error('boom'))).toMatchObject({ kind: 'failed', message: 'boom' });
    expect(readGrpcError('boom')).toMatchObject({ kind: 'failed', message: 'boom' });
  });
});
