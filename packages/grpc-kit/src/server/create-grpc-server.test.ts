import { InvariantViolation, type Logger } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { anonymousHandler, internalHandler } from '../auth/access.ts';
import { createGrpcServer, type GrpcService } from './create-grpc-server.ts';
import { unary } from './unary.ts';

const quiet = () => undefined;
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
const identity = { cert: 'cert', key: 'key' };

const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => ({}),
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({}),
});
const publicMethod = { call: method('/suanli.lab.v1.LabService/Call') };
const internalMethod = { call: method('/suanli.lab.internal.v1.InnerService/Call') };
const open = { call: unary(anonymousHandler(), async () => ({})) };
const inner = { call: unary(internalHandler({ callers: ['billing'] }), async () => ({})) };

const build = (service: GrpcService, tls?: { ca?: string; cert: string; key: string }) => () =>
  createGrpcServer({ address: '127.0.0.1:0', services: [service], logger, ...(tls && { tls }) });

describe('createGrpcServer refuses to open', () => {
  it.each<[string, () => unknown]>([
    ['a method that nothing guards', build({ definition: publicMethod, implementation: { call: quiet } })],
    ['a method that is not implemented', build({ definition: publicMethod, implementation: {} })],
    ['an internal package with a public guard', build({ definition: internalMethod, implementation: open })],
    ['a public package with an internal guard', build({ definition: publicMethod, implementation: inner })],
    ['an internal package without TLS', build({ definition: internalMethod, implementation: inner })],
    ['an internal package to any client', build({ definition: internalMethod, implementation: inner }, identity)],
  ])('%s', (_story, attempt) => expect(attempt).toThrow(InvariantViolation));

  it('nothing that is guarded as its package demands', () => {
    expect(build({ definition: internalMethod, implementation: inner }, { ...identity, ca: 'ca' })).not.toThrow();
    expect(build({ definition: publicMethod, implementation: open })).not.toThrow();
  });
});
