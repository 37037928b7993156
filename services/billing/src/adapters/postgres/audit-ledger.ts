import type { Instant } from '@suanli/kernel';
import { type Database, type Tx, withTransaction } from '@suanli/postgres';
import { sql } from 'drizzle-orm';
import { auditChecks } from './audit-checks.ts';
import { auditSeals } from './seals/audit-seals.ts';

/** What a refold of everything found. `driftMicros` is "0" and `broken` is empty when every promise holds. */
export type AuditReport = {
  /** Money that stands in one place and not in the other, summed over all checks. */
  driftMicros: string;
  /** Rows that break a promise, by check. */
  broken: Record<string, number>;
  checks: number;
  /** Links of the hash chain, the last position that they cover, and the hash of the last. */
  seals: number;
  sealedPosition: string;
  headHash: string;
  wallets: number;
  transfers: number;
  entries: number;
  holds: number;
  activeHolds: number;
  usageRated: number;
  usageParked: number;
  charges: number;
  billLines: number;
  recharges: number;
  writtenOffMicros: string;
};

/** Refolds the whole ledger in one read-only snapshot, while the service goes on. */
export function auditLedger(db: Database, now: Instant): Promise<AuditReport> {
  return withTransaction(
    db,
    async (tx) => {
      await tx.execute(sql`set transaction read only`);
      const broken: Record<string, number> = {};
      let drift = 0n;
      const checks = auditChecks(now);
      for (const check of checks) {
        const found = await tx.execute<{ rows: string; drift: string }>(
          sql`select count(*)::text as rows, coalesce(sum(drift), 0)::text as drift from (${check.broken}) found`,
        );
        const [row] = found.rows;
        drift += BigInt(row?.drift ?? '0');
        if (row?.rows !== '0') broken[check.name] = Number(row?.rows);
      }
      const { brokenSeals, seals, sealedPosition, headHash } = await auditSeals(tx);
      if (brokenSeals > 0) broken['hashChain'] = brokenSeals;
      return {
        driftMicros: drift.toString(),
        broken,
        checks: checks.length + 1,
        ...{ seals, sealedPosition: sealedPosition.toString(), headHash },
        ...(await counts(tx)),
      };
    },
    { isolation: 'repeatable read' },
  );
}

type Counts = Omit<AuditReport, 'driftMicros' | 'broken' | 'checks' | 'seals' | 'sealedPosition' | 'headHash'>;

async function counts(tx: Tx): Promise<Counts> {
  const found = await tx.execute<Record<keyof Counts, string>>(sql`
    select
      (select count(*) from wallets) as "wallets",
      (select count(*) from transfers) as "transfers",
      (select count(*) from entries) as "entries",
      (select count(*) from holds) as "holds",
      (select count(*) from holds where resolved_at is null) as "activeHolds",
      (select count(*) from usage_events where state = 'rated') as "usageRated",
      (select count(*) from usage_events where state = 'parked') as "usageParked",
      (select count(*) from charges) as "charges",
      (select count(*) from bill_lines) as "billLines",
      (select count(*) from recharges) as "recharges",
      (select coalesce(sum(written_off_micros), 0)::text from charges) as "writtenOffMicros"`);
  const row = found.rows[0];
  const count = (name: Exclude<keyof Counts, 'writtenOffMicros'>) => Number(row?.[name] ?? 0);
  return {
    wallets: count('wallets'),
    transfers: count('transfers'),
    entries: count('entries'),
    holds: count('holds'),
    activeHolds: count('activeHolds'),
    usageRated: count('usageRated'),
    usageParked: count('usageParked'),
    charges: count('charges'),
    billLines: count('billLines'),
    recharges: count('recharges'),
    writtenOffMicros: row?.writtenOffMicros ?? '0',
  };
}
