import type { ServerUnaryCall } from '@grpc/grpc-js';

type AuthContext = ReturnType<ServerUnaryCall<unknown, unknown>['getAuthContext']>;

/** A call of the server, as far as this file knows it. */
export type AuthenticatedCall = { getAuthContext(): AuthContext };

const known = new WeakMap<object, AuthContext>();

/**
 * Who the other side of a call is. A connection is authenticated once, in its handshake; decoding its certificate anew for
 * each call costs an eighth of a small call. So the answer is kept with the connection, and goes with it. Where the
 * library's inside does not look as expected the certificate is decoded each time.
 */
export function authContextOf(call: AuthenticatedCall): AuthContext {
  const session = sessionOf(call);
  if (session === undefined) return call.getAuthContext();
  const before = known.get(session);
  if (before !== undefined) return before;
  const context = call.getAuthContext();
  if (context.sslPeerCertificate !== undefined) known.set(session, context);
  return context;
}

/** The HTTP/2 session of the call: one for each connection, and never used for another. */
function sessionOf(call: AuthenticatedCall): object | undefined {
  const { call: inner } = call as { call?: { stream?: { session?: unknown } } };
  const session = inner?.stream?.session;
  return typeof session === 'object' && session !== null ? session : undefined;
}
