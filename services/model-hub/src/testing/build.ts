import { createHash } from 'node:crypto';
import { type CallContext, createIdSource, type Clock, type TenantPath } from '@suanli/kernel';
import type { HubDeps } from '../app/ports.ts';
import { memoryBlobStore } from './memory-blob-store.ts';
import { memoryWork, type MemoryWork } from './memory-work.ts';

export const sha256Of = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

export function aTenant(tenant: Partial<TenantPath> = {}): TenantPath {
  return { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'usr_1', ...tenant };
}

export function aContext(ctx: Partial<CallContext> = {}): CallContext {
  return {
    tenant: aTenant(),
    role: 'owner',
    scopes: ['*'],
    correlationId: 'test',
    signal: new AbortController().signal,
    ...ctx,
  };
}

/** Use cases on memory alone. Ids are made of the clock's time and a running number, so each test has the same. */
export function aHub(clock: Clock, deps: Partial<HubDeps> = {}): HubDeps & MemoryWork {
  const memory = memoryWork();
  let made = 0;
  const numbered = (size: number) => {
    made += 1;
    return Buffer.from(made.toString(16).padStart(size * 2, '0'), 'hex');
  };
  return {
    ...memory,
    bytes: memoryBlobStore(),
    signUrl: ({ access, path, accountId }) => `test:${access}:${accountId}:${path}`,
    hashText: sha256Of,
    clock,
    ids: createIdSource(() => clock.now(), numbered),
    limits: { maxBlobBytes: 1024 * 1024 },
    ...deps,
  };
}
