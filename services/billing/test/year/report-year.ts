import type { YearAudit } from './audit/audit-year.ts';
import type { Year } from './year.ts';

/** What a person wants to know of a year that ran: what happened how often, what it came to, how long it took. */
export function reportYear(year: Year, audit: YearAudit, tookMs: number): string {
  const { seed, tenantCount, days } = year.size;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return [
    `SEED=${seed}: ${tenantCount} tenants, ${days} days from 2028-01-01`,
    ...section('what happened', [...year.counts].sort(byName)),
    ...section(
      'sums',
      Object.entries(audit.sums).map(([name, sum]) => [name, sum ?? '0']),
    ),
    ...section(
      'real time',
      [...year.tookMs].map(([what, ms]) => [what, seconds(ms)]),
    ),
    ...section(
      'checked',
      audit.checks.map((name) => [name, '']),
    ),
    audit.findings.length === 0 ? 'it adds up, to the micro' : ['FOUND', ...audit.findings].join('\n  '),
    `run time ${seconds(tookMs)}`,
  ].join('\n');
}

function section(title: string, rows: readonly (readonly [string, string | number])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(value === '' ? 0 : width)}${value}`)];
}

function byName([one]: readonly [string, number], [other]: readonly [string, number]): number {
  return one < other ? -1 : 1;
}
