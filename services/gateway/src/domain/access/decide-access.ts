import type { Role } from '@suanli/kernel';
import { ROLE_SCOPES, type Scope } from './scopes.ts';

/**
 * What one route asks of its caller, as data beside the route.
 * `tenant` (default) needs an account and workspace, so the operator's key does not fit; `operator` is the platform's
 * own; `any` takes both.
 */
export type AccessRule = { scope: Scope; caller?: 'tenant' | 'operator' | 'any' };

export type AccessDecision =
  | { kind: 'allowed' }
  | { kind: 'refused'; reason: 'tenant_required' | 'operator_required' | 'role_forbidden' | 'scope_missing' };

/** Role first, then the scopes of the key. The services decide again on their own side. */
export function decideAccess(caller: { role: Role; scopes: readonly string[] }, rule: AccessRule): AccessDecision {
  const wanted = rule.caller ?? 'tenant';
  if (wanted === 'operator' && caller.role !== 'operator') return { kind: 'refused', reason: 'operator_required' };
  if (wanted === 'tenant' && caller.role === 'operator') return { kind: 'refused', reason: 'tenant_required' };
  if (!ROLE_SCOPES[caller.role].includes(rule.scope)) return { kind: 'refused', reason: 'role_forbidden' };
  if (!caller.scopes.includes('*') && !caller.scopes.includes(rule.scope)) {
    return { kind: 'refused', reason: 'scope_missing' };
  }
  return { kind: 'allowed' };
}
