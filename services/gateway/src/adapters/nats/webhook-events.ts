import type { IncomingEvent } from '@suanli/messaging';
import {
  AccountArrearsChanged,
  AccountFrozenChanged,
  BudgetThresholdReached,
  HoldEnded,
  WalletLevelChanged,
} from '@suanli/proto/suanli/events/v1/billing.ts';
import { InvoiceIssued, SubscriptionChanged } from '@suanli/proto/suanli/events/v1/commerce.ts';
import { CreditLotChanged } from '@suanli/proto/suanli/events/v1/credits.ts';
import { WorkloadChanged } from '@suanli/proto/suanli/events/v1/scheduler.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { WebhookEvent, WebhookEventType } from '../../domain/webhook/webhook.ts';

type Told = Pick<WebhookEvent, 'accountId' | 'type' | 'data'>;

/** What an event of a service means to a customer; undefined when it is none of theirs. Money is text, names snake_case. */
export function toWebhookEvent(event: IncomingEvent): WebhookEvent | undefined {
  const told = TRANSLATORS[event.subject]?.(event.data);
  return told === undefined || told.accountId === '' ? undefined : { id: event.id, at: event.time, ...told };
}

const TRANSLATORS: Readonly<Record<string, (data: unknown) => Told>> = {
  [EVENTS.budgetThresholdReached.subject]: budgetThresholdReached,
  [EVENTS.accountArrearsChanged.subject]: accountArrearsChanged,
  [EVENTS.accountFrozen.subject]: accountFrozenChanged,
  [EVENTS.accountUnfrozen.subject]: accountFrozenChanged,
  [EVENTS.invoiceIssued.subject]: invoiceIssued,
  [EVENTS.subscriptionChanged.subject]: subscriptionChanged,
  [EVENTS.lotExpiring.subject]: creditLotExpiring,
  [EVENTS.holdExpired.subject]: holdExpired,
  [EVENTS.workloadFinished.subject]: jobFinished,
  [EVENTS.walletRanLow.subject]: (data) => walletLevel('wallet.ran_low', data),
  [EVENTS.walletExhausted.subject]: (data) => walletLevel('wallet.exhausted', data),
  [EVENTS.walletRestored.subject]: (data) => walletLevel('wallet.restored', data),
};

function budgetThresholdReached(data: unknown): Told {
  const event = BudgetThresholdReached.fromJSON(data);
  return {
    accountId: event.accountId,
    type: 'budget.threshold_reached',
    data: {
      budget_id: event.budgetId,
      name: event.name,
      scope: { kind: event.scopeKind, id: event.scopeId },
      window: event.window,
      percent: event.percent,
      limit_micros: String(event.limitMicros),
      spent_micros: String(event.spentMicros),
      currency: event.currency,
      is_hard: event.isHard,
      ...(event.resetsAt !== undefined && { resets_at: event.resetsAt.toISOString() }),
    },
  };
}

function accountArrearsChanged(data: unknown): Told {
  const { accountId, state, since, nextAt, reason } = AccountArrearsChanged.fromJSON(data);
  return {
    accountId,
    type: 'account.arrears_changed',
    data: {
      account_id: accountId,
      state,
      reason,
      since: since?.toISOString(),
      ...(nextAt !== undefined && { next_at: nextAt.toISOString() }),
    },
  };
}

function accountFrozenChanged(data: unknown): Told {
  const { accountId, isFrozen } = AccountFrozenChanged.fromJSON(data);
  return { accountId, type: isFrozen ? 'account.frozen' : 'account.unfrozen', data: { account_id: accountId } };
}

function invoiceIssued(data: unknown): Told {
  const { invoiceId, accountId, number, kind, totalMicros, currency } = InvoiceIssued.fromJSON(data);
  return {
    accountId,
    type: 'invoice.issued',
    data: { invoice_id: invoiceId, number, kind, total_micros: String(totalMicros), currency },
  };
}

function subscriptionChanged(data: unknown): Told {
  const { subscriptionId, tenant, change, planCode, quantity, periodTo, endReason } =
    SubscriptionChanged.fromJSON(data);
  return {
    accountId: tenant?.accountId ?? '',
    type: 'subscription.changed',
    data: {
      subscription_id: subscriptionId,
      change,
      plan_code: planCode,
      quantity,
      ...(periodTo !== undefined && { period_to: periodTo.toISOString() }),
      ...(endReason !== '' && { end_reason: endReason }),
    },
  };
}

function creditLotExpiring(data: unknown): Told {
  const { lotId, accountId, kind, amountMicros, currency, expiresAt } = CreditLotChanged.fromJSON(data);
  return {
    accountId,
    type: 'credit_lot.expiring',
    data: {
      credit_lot_id: lotId,
      kind,
      amount_micros: String(amountMicros),
      currency,
      ...(expiresAt !== undefined && { expires_at: expiresAt.toISOString() }),
    },
  };
}

function holdExpired(data: unknown): Told {
  const { holdId, tenant, purposeKind, purposeId, capturedMicros, releasedMicros } = HoldEnded.fromJSON(data);
  return {
    accountId: tenant?.accountId ?? '',
    type: 'hold.expired',
    data: {
      hold_id: holdId,
      workspace_id: tenant?.workspaceId,
      purpose: { kind: purposeKind, id: purposeId },
      captured_micros: String(capturedMicros),
      released_micros: String(releasedMicros),
    },
  };
}

function jobFinished(data: unknown): Told {
  const { workloadId, tenant, phase, reason, region, exitCode } = WorkloadChanged.fromJSON(data);
  return {
    accountId: tenant?.accountId ?? '',
    type: 'job.finished',
    data: {
      job_id: workloadId,
      workspace_id: tenant?.workspaceId,
      phase,
      ...(reason && { reason: { code: reason.code, message: reason.message } }),
      region,
      ...(exitCode !== undefined && { exit_code: exitCode }),
    },
  };
}

function walletLevel(type: WebhookEventType, data: unknown): Told {
  const { walletId, accountId, availableMicros } = WalletLevelChanged.fromJSON(data);
  return {
    accountId,
    type,
    data: { wallet_id: walletId, account_id: accountId, available_micros: String(availableMicros) },
  };
}
