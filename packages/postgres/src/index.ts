export { insertSet, isAnyOf } from './insert-set.ts';
export { connectPostgres, type Database, type PostgresConfig, type Tx } from './database.ts';
export { constraintOf, isUnavailable, sqlState } from './errors.ts';
export { createLeadership, type LeaderWork, type Leadership, type LeadershipOptions } from './leadership.ts';
export { assertLeader, LostLeadership } from './lease.ts';
export { assertSchemaCurrent, checkJournal, migrate, type MigrateOptions, SchemaNotCurrent } from './migrate.ts';
export { appendOutbox, MAX_EVENT_BYTES, type OutboxEvent } from './outbox.ts';
export { provisionDatabase, type ProvisionOptions, withDatabase } from './provision.ts';
export { hashBody, rememberRequest, type Remembered, type RequestKey } from './requests.ts';
export { DEFAULT_RETENTION, purgeExpired, type Retention } from './retention.ts';
export { inbox, type InboxState, leadership, outbox, requests } from './tables.ts';
export {
  type Isolation,
  type TransactionOptions,
  TransactionNotCommitted,
  withTransaction,
} from './with-transaction.ts';
