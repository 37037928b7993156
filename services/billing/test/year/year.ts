import type { SimClock } from '@suanli/test-kit';
import type { Instant } from '@suanli/kernel';
import type { BillingDeps } from '../../src/app/ports.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import { getWallet } from '../../src/app/wallet/get-wallet.ts';
import { systemContext } from '@suanli/kernel';
import { planTenants, type TenantPlan, type YearSize } from './plan-year.ts';
import type { Fact, Job } from './plan-usage.ts';

/** One delivery of a usage event, and what has to come of it in the end. */
export type Delivery = { usage: Usage; fact: Fact; isContradiction: boolean };

/** A year as it runs: what people hold in their hands between one thing and the next, and what was told so far. */
export class Year {
  readonly deps: BillingDeps;
  readonly clock: SimClock;
  readonly size: YearSize;
  readonly tenants: readonly TenantPlan[];
  readonly queue = new Map<number, Delivery[]>();
  /** By job. */
  readonly holds = new Map<string, string>();
  /** By the day on which they began, as long as something may still happen to them. */
  readonly jobs = new Map<number, readonly { job: Job; plan: TenantPlan }[]>();
  /** By account: what it bought, what it paid in. */
  readonly subscriptions = new Map<string, { id: string; orderId: string }>();
  readonly recharges = new Map<string, string>();
  /** By campaign. */
  readonly codes = new Map<number, readonly string[]>();
  readonly counts = new Map<string, number>();
  readonly tookMs = new Map<string, number>();
  /** What each account used of each meter, as its facts were told last: reckoned from the plan alone. */
  readonly used = new Map<string, bigint>();
  /** Every event, and whether it is rated in the end, or why not. */
  readonly told = new Map<string, string>();

  constructor(deps: BillingDeps, clock: SimClock, size: YearSize) {
    this.deps = deps;
    this.clock = clock;
    this.size = size;
    this.tenants = planTenants(size);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  /** Real time, for whoever waits for it. */
  async timed(what: string, work: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    await work();
    this.tookMs.set(what, (this.tookMs.get(what) ?? 0) + performance.now() - startedAt);
  }

  async moveTo(at: Instant): Promise<void> {
    await this.clock.advance(Math.max(0, at - this.clock.now()));
  }

  async open({ tenant }: TenantPlan): Promise<void> {
    await getWallet(this.deps, contextOf({ tenant }));
  }
}

export function contextOf({ tenant }: Pick<TenantPlan, 'tenant'>) {
  return systemContext(tenant, 'year', new AbortController().signal);
}

/** Tenants side by side: the server has more than one core, and so have we. */
export const LANES = 4;

/** Runs through the items in lanes, each in its order; which lane an item is in depends on its place alone. */
export async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let at = lane; at < items.length; at += LANES) {
      const item = items[at];
      if (item !== undefined) await work(item);
    }
  });
  await Promise.all(lanes);
}
