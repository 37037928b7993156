import { invariant } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { and, eq, inArray } from 'drizzle-orm';
import type { IncomingPaymentStore, RechargeStore } from '../../../app/recharges/ports.ts';
import { debts, incomingPayments, rechargeMovements, recharges, wallets } from '../schema/index.ts';
import { fromPayment, fromRecharge, toPayment, toRecharge } from './recharge-rows.ts';

export function rechargeStore(tx: Tx): RechargeStore {
  return {
    async insert(recharge) {
      await tx.insert(recharges).values(fromRecharge(recharge));
    },
    async save(recharge) {
      const { id, ...changed } = fromRecharge(recharge);
      const { rowCount } = await tx.update(recharges).set(changed).where(eq(recharges.id, id));
      invariant(rowCount === 1, `recharge ${id} is there`);
    },
    async get(rechargeId) {
      const [row] = await tx.select().from(recharges).where(eq(recharges.id, rechargeId));
      return row && toRecharge(row);
    },
    async findByReferences(channel, references) {
      if (references.length === 0) return [];
      const isNamed = and(eq(recharges.channel, channel), inArray(recharges.reference, [...references]));
      return (await tx.select().from(recharges).where(isNamed)).map(toRecharge);
    },
    async insertMovement(movement) {
      const inserted = await tx
        .insert(rechargeMovements)
        .values({ ...movement, createdAt: new Date(movement.createdAt) })
        .onConflictDoNothing({ target: [rechargeMovements.channel, rechargeMovements.serialNumber] })
        .returning({ id: rechargeMovements.id });
      return inserted.length === 1;
    },
    async bookedSerials(rechargeId) {
      const rows = await tx
        .select({ serial: rechargeMovements.serialNumber })
        .from(rechargeMovements)
        .where(eq(rechargeMovements.rechargeId, rechargeId));
      return new Set(rows.map((row) => row.serial));
    },
    async owedMicros(accountId) {
      const [row] = await tx.select({ owed: debts.owedMicros }).from(debts).where(eq(debts.accountId, accountId));
      return row?.owed ?? 0n;
    },
    async saveOwed(accountId, owedMicros, now) {
      const changed = { owedMicros, updatedAt: new Date(now) };
      await tx
        .insert(debts)
        .values({ accountId, ...changed })
        .onConflictDoUpdate({ target: debts.accountId, set: changed });
      await tx
        .update(wallets)
        .set({ hasDebt: owedMicros > 0n })
        .where(eq(wallets.accountId, accountId));
    },
  };
}

export function incomingPaymentStore(tx: Tx): IncomingPaymentStore {
  return {
    async claim(payment) {
      const inserted = await tx
        .insert(incomingPayments)
        .values(fromPayment(payment))
        .onConflictDoNothing({ target: [incomingPayments.channel, incomingPayments.serialNumber] })
        .returning({ id: incomingPayments.id });
      if (inserted.length === 1) return { kind: 'new' };
      const { channel, serialNumber } = payment;
      const [known] = await tx
        .select()
        .from(incomingPayments)
        .where(and(eq(incomingPayments.channel, channel), eq(incomingPayments.serialNumber, serialNumber)))
        .for('no key update');
      invariant(known !== undefined, `payment ${serialNumber} is there: payments never go`);
      return { kind: 'known', payment: toPayment(known) };
    },
    async save({ id, state, reason, rechargeId, updatedAt }) {
      const changed = { state, reason, rechargeId, updatedAt: new Date(updatedAt) };
      await tx.update(incomingPayments).set(changed).where(eq(incomingPayments.id, id));
    },
    async lock(paymentId) {
      const [row] = await tx
        .select()
        .from(incomingPayments)
        .where(eq(incomingPayments.id, paymentId))
        .for('no key update');
      return row && toPayment(row);
    },
  };
}
