import { type Api, createApi } from '@suanli/tools/smoke/rest/api';
import { platform } from './platform.ts';

export type Tenant = { accountId: string; workspaceId: string; api: Api };

/** How long a test's client waits for parts of the platform that are away. */
const PATIENCE_MS = 45_000;

/** Opens an account as the operator does; without a recharge it has no money. */
export async function openTenant(name: string, balanceMicros = 0n, patienceMs = PATIENCE_MS): Promise<Tenant> {
  const { url, operatorKey } = await platform();
  const operator = createApi({ url, apiKey: operatorKey }, PATIENCE_MS);
  const opened = await operator.post<Opened>('/v1/accounts', { name, owner_name: name });
  const api = createApi({ url, apiKey: opened.api_key.secret }, patienceMs);
  if (balanceMicros > 0n) {
    const body = { channel: 'development', amount_micros: String(balanceMicros), currency: 'CNY' };
    await api.post('/v1/recharges', body);
  }
  return { accountId: opened.account.id, workspaceId: opened.workspace.id, api };
}

type Opened = { account: { id: string }; workspace: { id: string }; api_key: { secret: string } };

export const YUAN = 1_000_000n;
