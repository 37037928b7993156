import type { Instant } from '@suanli/kernel';
import { type Day, dayOf, monthOf } from '../../domain/calendar/calendar.ts';
import { draftDocuments, type Invoice, issued } from '../../domain/document/invoice.ts';
import { documentNumber, seriesOf } from '../../domain/document/series.ts';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import { onceOnly } from '../once-only.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import type { DocumentEvent } from './ports.ts';

export type IssueResult =
  | { kind: 'issued'; documents: Invoice[] }
  | { kind: 'refused'; refusal: { reason: 'nothing_to_invoice' | 'request_id_reused' } };

/** On request: over everything that the account has consumed and no document lists. */
export async function issueDocuments(
  deps: BillingDeps,
  command: { requestId: string; accountId: string },
): Promise<IssueResult> {
  const { accountId } = command;
  return onceOnly<IssueResult>(deps, `invoice/${accountId}`, command, async (stores) => {
    const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
    const today = dayOf(batch.now);
    const days = { from: `${monthOf(batch.now)}-01`, to: today };
    const { documents, events } = await issueOver(stores, batch, { accountId, days, before: batch.now + 1 });
    if (documents.length === 0) return { kind: 'refused', refusal: { reason: 'nothing_to_invoice' } };
    await writeBatch(deps, stores, batch, events);
    return { kind: 'issued', documents };
  });
}

/**
 * Issues what is open up to a day. The wallet is locked, so nothing is charged meanwhile; the number of a document is
 * taken last, and other documents of its series wait for this transaction: numbers have no gaps.
 */
export async function issueOver(
  stores: BillingStores,
  batch: LedgerBatch,
  of: { accountId: string; days: { from: Day; to: Day }; before: Instant },
): Promise<{ documents: Invoice[]; events: DocumentEvent[] }> {
  const { accountId, days, before } = of;
  const open = await stores.documents.openItems(accountId, { day: days.to, before });
  const documents: Invoice[] = [];
  for (const draft of draftDocuments(open, days)) {
    const { series, year } = seriesOf(draft.kind, batch.now);
    const number = documentNumber({ series, year }, await stores.documents.takeNumber(series, year));
    const id = batch.newId('inv');
    const invoice = issued(draft, { id, number, accountId, issuedAt: batch.now });
    await stores.documents.insertInvoice(invoice, draft.lines, draft.itemIds);
    documents.push(invoice);
  }
  return { documents, events: documents.map((invoice) => ({ kind: 'invoice_issued', invoice })) };
}
