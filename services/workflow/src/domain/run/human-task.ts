import type { Instant, TenantPath } from '@suanli/kernel';
import type { ReviewAction } from '../definition/functions.ts';
import type { Json } from '../json.ts';

export type HumanTaskStatus = 'open' | 'decided' | 'expired' | 'withdrawn';

/** A question to a person. Answered once. */
export type HumanTask = {
  id: string;
  tenant: TenantPath;
  runId: string;
  stepId: string;
  title: string;
  subject: Json;
  actions: readonly ReviewAction[];
  /** JSON Schema that an edited output must satisfy. */
  schema?: Json;
  status: HumanTaskStatus;
  action?: ReviewAction;
  comment?: string;
  decidedBy?: string;
  createdAt: Instant;
  decidedAt?: Instant;
  expiresAt?: Instant;
};
