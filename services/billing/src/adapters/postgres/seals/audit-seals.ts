import type { Tx } from '@suanli/postgres';
import { asc, gt } from 'drizzle-orm';
import { GENESIS_HASH, type Seal, sealTransfers } from '../../../domain/ledger/seal.ts';
import { ledgerSeals } from '../schema/index.ts';
import { placedTransfers, sha256, toSeal } from './seal-store.ts';

const SEALS_PER_READ = 500;

/** What a walk along the hash chain found: how many links no longer fit, and up to where the ledger is sealed. */
export type SealAudit = { brokenSeals: number; seals: number; sealedPosition: bigint; headHash: string };

/** Makes every link again from the transfers that stand there now. */
export async function auditSeals(tx: Tx): Promise<SealAudit> {
  let previous: Seal | undefined;
  let brokenSeals = 0;
  let seals = 0;
  for (;;) {
    const rows = await tx
      .select()
      .from(ledgerSeals)
      .where(gt(ledgerSeals.number, previous?.number ?? 0n))
      .orderBy(asc(ledgerSeals.number))
      .limit(SEALS_PER_READ);
    for (const row of rows) {
      const seal = toSeal(row);
      seals++;
      if (!(await fits(tx, previous, seal))) brokenSeals++;
      previous = seal;
    }
    if (rows.length < SEALS_PER_READ) break;
  }
  const sealedPosition = previous?.lastPosition ?? 0n;
  return { brokenSeals, seals, sealedPosition, headHash: previous?.hash ?? GENESIS_HASH };
}

/** Everything behind the link before it up to its own end: a transfer that was slipped in between is found too. */
async function fits(tx: Tx, previous: Seal | undefined, seal: Seal): Promise<boolean> {
  const after = previous?.lastPosition ?? 0n;
  const [first, ...others] = await placedTransfers(tx, after, seal.lastPosition, seal.transferCount + 1);
  if (first === undefined) return false;
  const again = sealTransfers(previous, [first, ...others], { digest: sha256, now: seal.sealedAt });
  return again.number === seal.number && again.previousHash === seal.previousHash && again.hash === seal.hash;
}
