import type { GatewayStores, Queryable } from '../../app/ports.ts';
import { accountStore, memberStore, workspaceStore } from './account-stores.ts';
import { auditStore } from './audit-store.ts';
import { keyStore } from './key-store.ts';

export function postgresStores(queryable: Queryable): GatewayStores {
  return {
    accounts: accountStore(queryable),
    workspaces: workspaceStore(queryable),
    members: memberStore(queryable),
    keys: keyStore(queryable),
    audit: auditStore(queryable),
  };
}
