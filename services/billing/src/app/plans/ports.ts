import type { Instant } from '@suanli/kernel';
import type { RenewalAttempt } from '../../domain/plan/decide-period.ts';
import type { Plan } from '../../domain/plan/plan.ts';
import type { Subscription } from '../../domain/plan/subscription.ts';
import type { Order } from '../../domain/order/order.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

export interface PlanStore {
  /** Every version of these plans. */
  versions(codes: readonly string[]): Promise<Plan[]>;
  get(planId: string): Promise<Plan | undefined>;
  isEmpty(): Promise<boolean>;
  /** Adds versions; two publishers of one version collide, and the later one fails. */
  insert(plans: readonly Plan[]): Promise<void>;
}

/** Whoever changes a subscription has the wallet of its account locked. */
export interface SubscriptionStore {
  get(subscriptionId: string): Promise<Subscription | undefined>;
  save(subscription: Subscription): Promise<void>;
  /** Subscriptions whose time has come, longest due first. Not locked. */
  findDue(now: Instant, limit: number): Promise<Subscription[]>;
  /** Remembers how an attempt ended. */
  recordAttempt(attempt: RenewalAttempt): Promise<void>;
}

/** Whoever changes an order has the wallet of its account locked. */
export interface OrderStore {
  get(orderId: string): Promise<Order | undefined>;
  insert(order: Order): Promise<void>;
  saveRefunded(order: Order): Promise<void>;
  /** What has paid one period of a subscription. */
  ofPeriod(subjectId: string, periodIndex: number): Promise<Order[]>;
}

export interface PlanReads {
  /** The version on sale at `at` of every plan. */
  plansOnSale(at: Instant, page: PageQuery): Promise<Page<Plan>>;
  subscriptions(visible: Visible, page: PageQuery, status: string): Promise<Page<Subscription>>;
  subscription(visible: Visible, subscriptionId: string): Promise<Subscription | undefined>;
  /** Newest first. */
  renewalAttempts(subscriptionId: string, limit: number): Promise<RenewalAttempt[]>;
  orders(visible: Visible, page: PageQuery, kind: string): Promise<Page<Order>>;
  order(visible: Visible, orderId: string): Promise<Order | undefined>;
}

/** What others are told of commitments. */
export type PlanEvent =
  /** Capacity is bought, changed or goes on into another period: what a scheduler has to keep from now on. */
  | { kind: 'reservation_purchased'; subscription: Subscription; plan: Plan }
  | { kind: 'reservation_ended'; subscription: Subscription; plan: Plan }
  | { kind: 'subscription_changed'; subscription: Subscription; change: SubscriptionChange };
export type SubscriptionChange = 'purchased' | 'changed' | 'renewed' | 'renewal_failed' | 'ended';
