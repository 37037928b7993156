import type { Instant, TenantPath } from '@suanli/kernel';
import type { Json } from '../json.ts';

/** One version of a workflow. Never changes; runs are pinned to it by its digest. */
export type Definition = {
  id: string;
  tenant: TenantPath;
  namespace: string;
  name: string;
  version: string;
  /** `sha256:…` of the canonical document. */
  digest: string;
  document: Json;
  createdAt: Instant;
};
