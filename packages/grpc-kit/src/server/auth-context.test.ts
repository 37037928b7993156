import { expect, it } from 'vitest';
import { authContextOf } from './auth-context.ts';

const aCall = (name: string, session?: object) => {
  let decoded = 0;
  return {
    decoded: () => decoded,
    getAuthContext() {
      decoded++;
      return { sslPeerCertificate: { subjectaltname: name } } as never;
    },
    ...(session !== undefined && { call: { stream: { session } } }),
  };
};
const nameOf = (call: ReturnType<typeof aCall>) => authContextOf(call).sslPeerCertificate?.subjectaltname;

it('decodes the certificate of a connection once, and each connection has its own', () => {
  const [one, other] = [{}, {}];
  const calls = [aCall('a', one), aCall('never asked', one), aCall('b', other)];
  expect(calls.map(nameOf)).toEqual(['a', 'a', 'b']);
  expect(calls.map((call) => call.decoded())).toEqual([1, 0, 1]);
});

it('asks each time where the connection cannot be told', () => {
  const call = aCall('a');
  expect([nameOf(call), nameOf(call)]).toEqual(['a', 'a']);
  expect(call.decoded()).toBe(2);
});

it('keeps nothing of a connection that has shown no certificate', () => {
  const session = {};
  const anonymous = { getAuthContext: () => ({}), call: { stream: { session } } };
  expect(authContextOf(anonymous).sslPeerCertificate).toBeUndefined();
  expect(nameOf(aCall('a', session))).toBe('a');
});
