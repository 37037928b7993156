/** Every table of billing's database, by room. */
export { inbox, leadership, outbox, requests } from '@suanli/postgres';
export * from './budgets.ts';
export * from './documents.ts';
export * from './ledger.ts';
export * from './lots.ts';
export * from './plans.ts';
export * from './rating.ts';
export * from './recharges.ts';
export * from './refunds.ts';
