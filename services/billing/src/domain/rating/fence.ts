import type { Instant } from '@suanli/kernel';
import type { Usage } from './usage.ts';

/** From `fencedAt` on, nothing that this epoch of a workload says counts: its last proven instant. Never changes. */
export type Fence = { sourceKind: string; sourceId: string; epoch: number; fencedAt: Instant };

export function fenceKeyOf({ sourceKind, sourceId, epoch }: Omit<Fence, 'fencedAt'>): string {
  return JSON.stringify([sourceKind, sourceId, epoch]);
}

export function fenceKeyOfUsage({ source }: Usage): string {
  return fenceKeyOf({ sourceKind: source.kind, sourceId: source.id, epoch: source.epoch });
}

/** Until when the window of `usage` may be charged. Usage that ends by the fence is charged whenever it comes. */
export function billableTo(usage: Usage, fencedAt: Instant | undefined): Instant {
  return fencedAt === undefined ? usage.to : Math.min(usage.to, fencedAt);
}

/** Whether all of it lies beyond the fence. */
export function isBeyond(usage: Usage, fencedAt: Instant | undefined): boolean {
  return fencedAt !== undefined && usage.to > fencedAt && usage.from >= fencedAt;
}
