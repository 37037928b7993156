import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aTenantPath, aWallet, NOW } from '../../testing/builders.ts';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { RECEIVABLE } from '../ledger/transfer.ts';
import { availableMicros, withTransfer } from '../ledger/wallet.ts';
import { decideMovement } from './decide-movement.ts';
import { openRecharge } from './open-recharge.ts';
import type { MovementKind } from './recharge.ts';

let made = 0;
const ctx = { now: NOW, newId: (prefix: string) => `${prefix}_${String(++made).padStart(26, '0')}` };
const recharge = openRecharge(
  { walletId: 'wlt_1', tenant: aTenantPath(), channel: 'stripe', amountMicros: 100n, currency: 'CNY', offerMs: 1 },
  ctx,
);
const wanted = (kind: MovementKind, amountMicros: bigint) => ({
  kind,
  amountMicros,
  serialNumber: 's',
  movesMoney: true,
});

describe('a movement of a recharge', () => {
  it.each([
    [0n, 'refused'],
    [-1n, 'refused'],
    [MAX_AMOUNT_MICROS + 1n, 'refused'],
    [MAX_AMOUNT_MICROS, 'decided'],
  ] as const)('of %s is %s', (amountMicros, kind) => {
    const before = { recharge, wallet: aWallet(), owedMicros: 0n };
    expect(decideMovement(before, wanted('receipt', amountMicros), ctx).kind).toBe(kind);
  });

  it('is refused when the wallet could not count that far', () => {
    const wallet = aWallet({ postedMicros: 9_223_372_036_854_775_807n });
    expect(decideMovement({ recharge, wallet, owedMicros: 0n }, wanted('receipt', 1n), ctx).kind).toBe('refused');
  });

  it('goes into a frozen wallet, and out of it', () => {
    const wallet = aWallet({ status: 'frozen', postedMicros: 5n });
    for (const kind of ['receipt', 'dispute'] as const) {
      const decision = decideMovement({ recharge, wallet, owedMicros: 0n }, wanted(kind, 5n), ctx);
      expect(decision).toMatchObject({ kind: 'decided', owedMicros: 0n });
    }
  });

  it('never takes what is held or lent, never leaves a debt beside free cash that came in, and loses no micro', () => {
    const money = fc.bigInt({ min: 0n, max: 1_000n });
    const kinds = fc.constantFrom<MovementKind>('receipt', 'refund', 'refund_returned', 'dispute', 'dispute_returned');
    fc.assert(
      fc.property(money, money, money, money, kinds, fc.bigInt({ min: 1n, max: 1_000n }), (...drawn) => {
        const [postedMicros, pending, overdraftMicros, owedMicros, kind, amountMicros] = drawn;
        const pendingMicros = pending > postedMicros + overdraftMicros ? postedMicros + overdraftMicros : pending;
        const wallet = aWallet({ postedMicros, pendingMicros, overdraftMicros });
        const decision = decideMovement({ recharge, wallet, owedMicros }, wanted(kind, amountMicros), ctx);
        if (decision.kind === 'refused') throw new Error('nothing is out of range here');
        const after = decision.transfers.reduce(withTransfer, wallet);
        const free = availableMicros(after) - overdraftMicros;
        const isIn = kind === 'receipt' || kind.endsWith('_returned');
        const wasFree = availableMicros(wallet) - overdraftMicros > 0n;
        const isFair = isIn ? decision.owedMicros === 0n || free <= 0n : !wasFree || free >= 0n;
        expect(isFair).toBe(true);
        // What the wallet and the debt changed by is what moved.
        const change = after.postedMicros - postedMicros - (decision.owedMicros - owedMicros);
        expect(change).toBe(isIn ? amountMicros : -amountMicros);
        const lent = decision.transfers.filter((one) => one.fromAccountId === RECEIVABLE);
        expect(lent.reduce((sum, one) => sum + one.amountMicros, 0n)).toBe(decision.movement.owedMicros);
      }),
    );
  });
});
