import pg from 'pg';
import type { BillingOnPostgres } from '../../under-test.ts';
import { cashAndCredit } from './audit-money.ts';
import { documents, things } from './audit-documents.ts';
import { oracleFindings } from './oracle.ts';
import { RATED } from '../run-usage.ts';
import type { Year } from '../year.ts';

/** A promise of the year as a plain query: each row that it gives is one place where it is broken. */
export type YearCheck = { name: string; broken: string };

export type YearAudit = {
  /** What is wrong, in words; empty when the year adds up. */
  findings: string[];
  checks: string[];
  sums: Record<string, string>;
};

/** Accounts whose every line is rated anew, by other code, from the plan. */
const SAMPLE = 40;
const SHOWN = 3;

/** Adds the year up in ways that share nothing with the code which made it: SQL over the rows, and the plan. */
export async function auditYear(billing: BillingOnPostgres, year: Year): Promise<YearAudit> {
  const client = new pg.Client(billing.adminUrl);
  await client.connect();
  try {
    const findings: string[] = [];
    const checks = [...documents, ...cashAndCredit, ...usage];
    for (const { name, broken } of checks) {
      const startedAt = performance.now();
      const { rows } = await client.query(broken);
      year.tookMs.set(`audit: ${name.slice(0, 60)}`, performance.now() - startedAt);
      if (rows.length > 0) findings.push(`${name}: ${rows.length}, as ${JSON.stringify(rows.slice(0, SHOWN))}`);
    }
    findings.push(...(await endedAsPlanned(client, year)), ...(await usedAsPlanned(client, year)));
    const oracle = await oracleFindings(client, year, SAMPLE);
    findings.push(...oracle.findings);
    const { driftMicros, broken } = await billing.report();
    if (driftMicros !== '0' || Object.keys(broken).length > 0) {
      findings.push(`the ledger's own audit: drift ${driftMicros}, ${JSON.stringify(broken)}`);
    }
    const sums = (await client.query<Record<string, string>>(SUMS)).rows[0] ?? {};
    findings.push(...totalOf(sums));
    const names = [
      'every event ends as planned',
      'quantities are those of the plan',
      `${oracle.lines} lines rated anew`,
    ];
    return { findings, checks: [...checks.map((check) => check.name), ...names, 'drift of the ledger is 0'], sums };
  } finally {
    await client.end();
  }
}

const usage: YearCheck[] = [
  {
    name: 'usage: nothing but rated events was charged, and of a corrected one the last telling counts',
    broken: `
      select event.usage_id, event.state, charged.quantity from usage_events event left join (
        select fact_id, sum(quantity) as quantity from charges group by fact_id
      ) charged on charged.fact_id = event.usage_id
      left join usage_events last on last.fact_id = event.usage_id and last.superseded_by is null
      where event.fact_id = event.usage_id and coalesce(charged.quantity, 0) <> (
        select coalesce(sum((reading -> 'quantity' ->> '$bigint')::numeric), 0)
        from jsonb_array_elements(last.body -> 'readings') reading) - last.refused_quantity
      union all
      select usage_id, state, 0 from usage_events event
      where state = 'parked' and exists (select from charges where charges.usage_id = event.usage_id)`,
  },
  {
    name: 'a commitment is made up to the micro, after everything late',
    broken: `
      with spending as materialized (
        select line.account_id, substr(day, 1, 7) as month,
          sum(charge.amount_micros - charge.written_off_micros) filter (where charge.meter <> 'minimum_commit') as spent,
          sum(charge.amount_micros) filter (where charge.meter = 'minimum_commit') as made_up
        from charges charge join bill_lines line on line.id = charge.bill_line_id
        where line.account_id in (select account_id from commitments) group by 1, 2)
      select promise.id, closings.month, spent, made_up from commitments promise
      join document_closings closings on closings.month >= promise.from_month
      left join spending on spending.account_id = promise.account_id and spending.month = closings.month
      where coalesce(made_up, 0) <> greatest(promise.monthly_micros - coalesce(spent, 0), 0)`,
  },
];

/** Every event is rated, or parked for the reason that the plan expects; nothing else is there. */
async function endedAsPlanned(client: pg.Client, year: Year): Promise<string[]> {
  const { rows } = await client.query<{ usage_id: string; ended: string }>(
    `select usage_id, case state when 'rated' then '${RATED}' else reason end as ended from usage_events
     where usage_id not like 'commitment:%'`,
  );
  const wrong = rows.filter((row) => year.told.get(row.usage_id) !== row.ended);
  const findings = wrong.slice(0, SHOWN).map((row) => `${row.usage_id} ended as ${row.ended}`);
  if (rows.length !== year.told.size) findings.push(`${rows.length} events of ${year.told.size}`);
  return findings;
}

/** By account and meter, what was charged is what the plan says was used. */
async function usedAsPlanned(client: pg.Client, year: Year): Promise<string[]> {
  const { rows } = await client.query<{ account_id: string; meter: string; quantity: string }>(`
    select line.account_id, charge.meter, sum(charge.quantity)::text as quantity
    from charges charge join bill_lines line on line.id = charge.bill_line_id
    where charge.meter <> 'minimum_commit' group by line.account_id, charge.meter`);
  const charged = new Map(rows.map((row) => [`${row.account_id} ${row.meter}`, BigInt(row.quantity)]));
  const keys = new Set([...charged.keys(), ...year.used.keys()]);
  const wrong = [...keys].filter((key) => (charged.get(key) ?? 0n) !== (year.used.get(key) ?? 0n));
  return wrong.slice(0, SHOWN).map((key) => `${key}: ${charged.get(key)} charged, ${year.used.get(key)} used`);
}

/** The year in one line; what is on no document yet came after the last month, or would take an invoice below zero. */
function totalOf(sums: Record<string, string>): string[] {
  const [invoiced, notes, open, ledger] = ['invoiced', 'credit notes', 'on no document yet', LEDGER].map((name) =>
    BigInt(sums[name] ?? 0),
  );
  const isEqual = (invoiced ?? 0n) - (notes ?? 0n) + (open ?? 0n) === ledger;
  return isEqual ? [] : [`invoices less credit notes, and what is on none, are not the ${ledger} of the ledger`];
}

const LEDGER = 'ledger: revenue from wallets';

/** For a person to look at. */
const SUMS = `
  select
    (select sum(total_micros)::text from invoices where kind = 'invoice') as invoiced,
    (select coalesce(sum(total_micros), 0)::text from invoices where kind = 'credit_note') as "credit notes",
    (select coalesce(sum(amount), 0)::text from (${things}) thing
      where not exists (select from invoiced_items item where item.item_id = thing.id)) as "on no document yet",
    (select sum(case to_account_id when 'platform:revenue' then amount_micros else -amount_micros end)::text
      from transfers where 'platform:revenue' in (from_account_id, to_account_id)
      and kind in ('post', 'post_pending') and code <> 'write_off') as "${LEDGER}",
    (select sum(held_micros + wallet_micros)::text from charges) as "charged to wallets",
    (select sum(written_off_micros)::text from charges) as "borne by the platform",
    (select sum(amount_micros)::text from orders where kind in ('purchase', 'renewal', 'upgrade')) as "plans sold",
    (select sum(amount_micros)::text from refunds where kind = 'wallet') as "refunded to wallets",
    (select sum(amount_micros)::text from refunds where state = 'paid') as "paid out",
    (select coalesce(sum(amount_micros), 0)::text from credits) as "automatic credits",
    (select sum(amount_micros)::text from transfers where code = 'recharge') as recharged,
    (select sum(amount_micros)::text from transfers where code = 'grant') as "credit granted",
    (select coalesce(sum(amount_micros), 0)::text from transfers where code = 'breakage') as "credit expired",
    (select sum(lot_remaining_micros)::text from wallets) as "credit left",
    (select sum(posted_micros - lot_remaining_micros)::text from wallets) as "cash left",
    (select count(*)::text from invoices where kind = 'invoice') as "invoices",
    (select count(*)::text from invoices where kind = 'credit_note') as "credit notes issued",
    (select count(*)::text from invoice_lines) as "document lines",
    (select count(*)::text from invoice_lines where is_late) as "late lines",
    (select count(*)::text from statements) as statements,
    (select count(*)::text from charges) as charges,
    (select count(*)::text from charges where quantity < 0) as "charges taken back",
    (select count(*)::text from bill_lines) as "bill lines",
    (select count(*)::text from transfers) as transfers,
    (select count(*)::text from entries) as entries,
    (select count(*)::text from credit_lots) as "credit lots",
    (select count(*)::text from orders where kind in ('purchase', 'renewal', 'upgrade')) as "plan orders",
    (select count(*)::text from orders where kind = 'renewal') as renewals,
    (select count(*)::text from holds where status = 'expired') as "holds expired"`;
