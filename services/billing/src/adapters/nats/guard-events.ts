import { CURRENCY, invariant } from '@suanli/kernel';
import type { OutboxEvent } from '@suanli/postgres';
import {
  AccountArrearsChanged,
  AccountFrozenChanged,
  BudgetThresholdReached,
} from '@suanli/proto/suanli/events/v1/billing.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { BillingEvent } from '../../app/ports.ts';

type Fact = Omit<OutboxEvent, 'id' | 'occurredAt'>;

export function budgetThresholdReached(event: Extract<BillingEvent, { kind: 'budget_threshold_reached' }>): Fact {
  const { budget, counter, percent, limitMicros } = event;
  return {
    subject: EVENTS.budgetThresholdReached.subject,
    aggregateId: budget.id,
    aggregateVersion: budget.version,
    payload: BudgetThresholdReached.toJSON({
      budgetId: budget.id,
      accountId: budget.accountId,
      name: budget.name,
      scopeKind: budget.scope.kind,
      scopeId: budget.scope.id,
      window: counter.window,
      windowStartsAt: counter.endsAt === undefined ? undefined : new Date(counter.startsAt),
      resetsAt: counter.endsAt === undefined ? undefined : new Date(counter.endsAt),
      percent,
      limitMicros,
      spentMicros: counter.spentMicros,
      isHard: budget.isHard,
      currency: CURRENCY,
    }),
  };
}

export function accountArrearsChanged({ wallet }: Extract<BillingEvent, { kind: 'account_arrears_changed' }>): Fact {
  const { accountId, standing } = wallet;
  const { since, nextAt } = standing;
  invariant(since !== undefined, `account ${accountId} stands so since some time`);
  return {
    subject: EVENTS.accountArrearsChanged.subject,
    aggregateId: accountId,
    aggregateVersion: standing.version,
    payload: AccountArrearsChanged.toJSON({
      accountId,
      state: standing.state,
      since: new Date(since),
      nextAt: nextAt === undefined ? undefined : new Date(nextAt),
      reason: standing.reason,
      version: standing.version,
    }),
  };
}

export function accountFrozenChanged({
  kind,
  wallet,
}: Extract<BillingEvent, { kind: 'account_frozen' | 'account_unfrozen' }>): Fact {
  const { accountId, sequence } = wallet;
  const isFrozen = kind === 'account_frozen';
  return {
    subject: isFrozen ? EVENTS.accountFrozen.subject : EVENTS.accountUnfrozen.subject,
    aggregateId: accountId,
    aggregateVersion: sequence,
    payload: AccountFrozenChanged.toJSON({ accountId, isFrozen }),
  };
}
