import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { type CallContext, type Role, type TenantPath, systemContext } from '@suanli/kernel';
import { permissionDenied, RefusedError, unauthenticated } from '../refusal.ts';
import { serviceOfSan } from './peer.ts';
import type { Claims, TokenVerifier } from './token-verifier.ts';

/** What is known of a call before anyone has been authenticated. */
export type ArrivedCall = {
  metadata: Metadata;
  /** `host:port` of the other end. */
  address: string;
  authContext: ServerUnaryCall<unknown, unknown>['getAuthContext'];
  correlationId: string;
  signal: AbortSignal;
};

/**
 * Who may call a method, and what its handler then knows of the caller. Made by `publicHandler` or `internalHandler`
 * only: a server refuses to register a method without one.
 */
export type Access<Ctx> = {
  kind: 'public' | 'internal';
  admit(call: ArrivedCall): Promise<Ctx>;
};

/** The context of a call by another service of ours. Its message says for which tenant it acts. */
export type PeerContext = {
  /** The calling service, from its certificate: `scheduler`. */
  peer: string;
  correlationId: string;
  signal: AbortSignal;
};

export type PublicHandlerOptions = {
  /** `jobs:read`, `jobs:write`: what the token must carry, literally or as `*`. */
  scope: string;
  /** When given, only these roles; `['operator']` for operators' methods. */
  roles?: readonly Role[];
};

/** For `suanli.<service>.v1`: a token of the gateway decides tenant, role and scopes. */
export function publicHandler(verifier: TokenVerifier, options: PublicHandlerOptions): Access<CallContext> {
  return {
    kind: 'public',
    async admit(call) {
      const claims = await verifier.verify(bearerToken(call.metadata));
      const refusal = refuseClaims(claims, options);
      if (refusal) throw new RefusedError(refusal);
      return contextOfClaims(claims, call.correlationId, call.signal);
    },
  };
}

/** What is known of a caller that needs no credential. */
export type AnonymousContext = {
  /** Where the connection comes from, `host:port`: for rate limits, never for trust. */
  address: string;
  correlationId: string;
  signal: AbortSignal;
};

/** For the few public methods that come before a token, such as the one that issues it. Says so in the wiring. */
export function anonymousHandler(): Access<AnonymousContext> {
  return {
    kind: 'public',
    admit: ({ address, correlationId, signal }) => Promise.resolve({ address, correlationId, signal }),
  };
}

/** For `suanli.<service>.internal.v1`: the certificate names the calling service, the list says which may. */
export function internalHandler(options: { callers: readonly string[] }): Access<PeerContext> {
  return {
    kind: 'internal',
    async admit({ authContext, correlationId, signal }) {
      const peer = serviceOfSan(authContext().sslPeerCertificate?.subjectaltname);
      if (peer === undefined) {
        throw new RefusedError(unauthenticated('PEER_UNKNOWN', 'a certificate of a service is needed'));
      }
      if (!options.callers.includes(peer)) {
        throw new RefusedError(permissionDenied('PEER_FORBIDDEN', `${peer} may not call this`, { peer }));
      }
      return { peer, correlationId, signal };
    },
  };
}

/** The use cases' context of an internal call that acts for `tenant`. */
export function onBehalfOf(ctx: PeerContext, tenant: TenantPath, requestId?: string): CallContext {
  return { ...systemContext(tenant, ctx.correlationId, ctx.signal), ...(requestId !== undefined && { requestId }) };
}

/** Also for doors other than gRPC that take the same tokens. */
export function contextOfClaims(claims: Claims, correlationId: string, signal: AbortSignal): CallContext {
  return {
    tenant: {
      accountId: claims.acc,
      ...(claims.sac !== undefined && { subAccountId: claims.sac }),
      workspaceId: claims.wsp,
      principalId: claims.sub,
    },
    role: claims.role,
    scopes: claims.scopes,
    correlationId,
    signal,
  };
}

/** A viewer reads, whatever scopes were put into its token. */
export function refuseClaims(claims: Pick<Claims, 'role' | 'scopes'>, { scope, roles }: PublicHandlerOptions) {
  if (roles && !roles.includes(claims.role)) {
    return permissionDenied('ROLE_FORBIDDEN', `a ${claims.role} may not do this`, { role: claims.role });
  }
  if (claims.role === 'viewer' && !scope.endsWith(':read')) {
    return permissionDenied('ROLE_FORBIDDEN', 'a viewer may only read', { role: claims.role });
  }
  if (!claims.scopes.includes('*') && !claims.scopes.includes(scope)) {
    return permissionDenied('SCOPE_MISSING', `the credential lacks ${scope}`, { scope });
  }
  return undefined;
}

function bearerToken(metadata: Metadata): string {
  const header = metadata.get('authorization')[0];
  return typeof header === 'string' && /^bearer /i.test(header) ? header.slice('bearer '.length).trim() : '';
}
