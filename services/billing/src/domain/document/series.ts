import { SHANGHAI, dayOf } from '../calendar/calendar.ts';
import type { Instant } from '@suanli/kernel';

export type DocumentKind = 'invoice' | 'credit_note';
const SERIES: Record<DocumentKind, string> = { invoice: 'SL', credit_note: 'SLC' };
const DIGITS = 6;

/** The series that a document is numbered in: one for each kind and year of its issue. */
export function seriesOf(kind: DocumentKind, issuedAt: Instant): { series: string; year: number } {
  return { series: SERIES[kind], year: Number(dayOf(issuedAt, SHANGHAI).slice(0, 4)) };
}

export function documentNumber({ series, year }: { series: string; year: number }, number: number): string {
  return `${series}-${year}-${String(number).padStart(DIGITS, '0')}`;
}
