/**
 * The table of subjects: every event, who publishes it, who consumes it. The NATS server's permissions are generated
 * from it (nats-config.ts), so a subject that is not here can be neither published nor read.
 */

export const SERVICES = ['billing', 'scheduler', 'workflow', 'modelhub', 'gateway'] as const;
/** Name of a service on the bus, of its stream and of its NATS identity. */
export type ServiceName = (typeof SERVICES)[number];

/** A fact: `suanli.<service>.<noun>.<past-verb>.v1`, message type of `suanli.events.v1`. */
export const EVENTS = {
  accountOpened: { subject: 'suanli.gateway.account.opened.v1', message: 'AccountOpened' },
  webhookDisabled: { subject: 'suanli.gateway.webhook.disabled.v1', message: 'WebhookEndpointDisabled' },
  keyRevoked: { subject: 'suanli.gateway.key.revoked.v1', message: 'KeyRevoked' },
  inferenceUsageRecorded: { subject: 'suanli.gateway.usage.recorded.v1', message: 'UsageRecorded' },
  computeUsageRecorded: { subject: 'suanli.scheduler.usage.recorded.v1', message: 'UsageRecorded' },
  storageUsageRecorded: { subject: 'suanli.modelhub.usage.recorded.v1', message: 'UsageRecorded' },
  chargeRated: { subject: 'suanli.billing.charge.rated.v1', message: 'ChargeRated' },
  transferBooked: { subject: 'suanli.billing.transfer.booked.v1', message: 'TransfersBooked' },
  ledgerSealed: { subject: 'suanli.billing.ledger.sealed.v1', message: 'LedgerSealed' },
  holdClosed: { subject: 'suanli.billing.hold.closed.v1', message: 'HoldEnded' },
  holdExpired: { subject: 'suanli.billing.hold.expired.v1', message: 'HoldEnded' },
  walletRanLow: { subject: 'suanli.billing.wallet.ran_low.v1', message: 'WalletLevelChanged' },
  walletExhausted: { subject: 'suanli.billing.wallet.exhausted.v1', message: 'WalletLevelChanged' },
  walletRestored: { subject: 'suanli.billing.wallet.restored.v1', message: 'WalletLevelChanged' },
  reservationPurchased: { subject: 'suanli.billing.reservation.purchased.v1', message: 'ReservationChanged' },
  reservationEnded: { subject: 'suanli.billing.reservation.ended.v1', message: 'ReservationChanged' },
  subscriptionChanged: { subject: 'suanli.billing.subscription.changed.v1', message: 'SubscriptionChanged' },
  invoiceIssued: { subject: 'suanli.billing.invoice.issued.v1', message: 'InvoiceIssued' },
  refundChanged: { subject: 'suanli.billing.refund.changed.v1', message: 'RefundChanged' },
  creditGiven: { subject: 'suanli.billing.credit.given.v1', message: 'CreditGiven' },
  lotExpiring: { subject: 'suanli.billing.lot.expiring.v1', message: 'CreditLotChanged' },
  lotExpired: { subject: 'suanli.billing.lot.expired.v1', message: 'CreditLotChanged' },
  budgetThresholdReached: {
    subject: 'suanli.billing.budget.threshold_reached.v1',
    message: 'BudgetThresholdReached',
  },
  accountArrearsChanged: {
    subject: 'suanli.billing.account.arrears_changed.v1',
    message: 'AccountArrearsChanged',
  },
  accountFrozen: { subject: 'suanli.billing.account.frozen.v1', message: 'AccountFrozenChanged' },
  accountUnfrozen: { subject: 'suanli.billing.account.unfrozen.v1', message: 'AccountFrozenChanged' },
  workloadChanged: { subject: 'suanli.scheduler.workload.changed.v1', message: 'WorkloadChanged' },
  workloadFinished: { subject: 'suanli.scheduler.workload.finished.v1', message: 'WorkloadChanged' },
  workloadFenced: { subject: 'suanli.scheduler.workload.fenced.v1', message: 'WorkloadFenced' },
  nodeLost: { subject: 'suanli.scheduler.node.lost.v1', message: 'NodeChanged' },
  nodeReturned: { subject: 'suanli.scheduler.node.returned.v1', message: 'NodeChanged' },
  runChanged: { subject: 'suanli.workflow.run.changed.v1', message: 'RunChanged' },
  stepChanged: { subject: 'suanli.workflow.step.changed.v1', message: 'StepChanged' },
  humanTaskOpened: { subject: 'suanli.workflow.task.opened.v1', message: 'HumanTaskChanged' },
  humanTaskDecided: { subject: 'suanli.workflow.task.decided.v1', message: 'HumanTaskChanged' },
  revisionCommitted: { subject: 'suanli.modelhub.repo.committed.v1', message: 'RevisionCommitted' },
  routeChanged: { subject: 'suanli.modelhub.route.changed.v1', message: 'RouteChanged' },
} as const;

/** A durable consumer: its service sees each event once in effect, over all its replicas and restarts. */
export type DurableConsumer = {
  service: ServiceName;
  stream: ServiceName;
  subject: string;
  /** `<service>-<what>`; unique in its stream. */
  durable: string;
};

export const CONSUMERS = {
  billingAccounts: durable('billing', 'gateway', EVENTS.accountOpened.subject, 'accounts'),
  billingInferenceUsage: durable('billing', 'gateway', EVENTS.inferenceUsageRecorded.subject, 'inference-usage'),
  billingComputeUsage: durable('billing', 'scheduler', EVENTS.computeUsageRecorded.subject, 'compute-usage'),
  billingStorageUsage: durable('billing', 'modelhub', EVENTS.storageUsageRecorded.subject, 'storage-usage'),
  billingWorkloads: durable('billing', 'scheduler', EVENTS.workloadChanged.subject, 'workloads'),
  billingFences: durable('billing', 'scheduler', EVENTS.workloadFenced.subject, 'fences'),
  schedulerHolds: durable('scheduler', 'billing', 'suanli.billing.hold.*.v1', 'holds'),
  schedulerArrears: durable('scheduler', 'billing', EVENTS.accountArrearsChanged.subject, 'arrears'),
  schedulerWallets: durable('scheduler', 'billing', 'suanli.billing.wallet.*.v1', 'wallets'),
  gatewayBudgets: durable('gateway', 'billing', EVENTS.budgetThresholdReached.subject, 'budgets'),
  gatewayWallets: durable('gateway', 'billing', 'suanli.billing.wallet.*.v1', 'wallets'),
  gatewayArrears: durable('gateway', 'billing', EVENTS.accountArrearsChanged.subject, 'arrears'),
  gatewayFrozen: durable('gateway', 'billing', EVENTS.accountFrozen.subject, 'frozen'),
  gatewayUnfrozen: durable('gateway', 'billing', EVENTS.accountUnfrozen.subject, 'unfrozen'),
  gatewayInvoices: durable('gateway', 'billing', EVENTS.invoiceIssued.subject, 'invoices'),
  gatewaySubscriptions: durable('gateway', 'billing', EVENTS.subscriptionChanged.subject, 'subscriptions'),
  gatewayCredits: durable('gateway', 'billing', EVENTS.lotExpiring.subject, 'credits'),
  gatewayHolds: durable('gateway', 'billing', EVENTS.holdExpired.subject, 'holds'),
  gatewayWorkloads: durable('gateway', 'scheduler', EVENTS.workloadFinished.subject, 'workloads'),
  workflowCharges: durable('workflow', 'billing', EVENTS.chargeRated.subject, 'charges'),
  workflowJobs: durable('workflow', 'scheduler', EVENTS.workloadFinished.subject, 'jobs'),
} as const;

/**
 * Events of another service that every replica follows live, without durability: a replica takes a snapshot over gRPC
 * at its start and whenever it was cut off.
 */
export const LIVE_FEEDS: readonly { service: ServiceName; subject: string }[] = [
  { service: 'gateway', subject: EVENTS.routeChanged.subject },
];

/** All subjects of a service's stream. */
export function streamSubjects(service: ServiceName): string[] {
  return [`suanli.${service}.>`];
}

/** Subjects between the scheduler and the agent of one cluster: request/reply up, wake-ups down. */
export function agentSubjects(cluster: string): { sync: string; logs: string; wake: string } {
  return {
    sync: `suanli.agent.${cluster}.up.sync`,
    logs: `suanli.agent.${cluster}.up.logs`,
    wake: `suanli.agent.${cluster}.down.wake`,
  };
}

/** What the scheduler answers on, for the agents of all clusters. */
export const AGENT_UPLINKS = { sync: 'suanli.agent.*.up.sync', logs: 'suanli.agent.*.up.logs' } as const;

function durable(service: ServiceName, stream: ServiceName, subject: string, what: string): DurableConsumer {
  return { service, stream, subject, durable: `${service}-${what}` };
}
