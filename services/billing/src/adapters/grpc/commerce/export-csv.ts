import { toRfc3339 } from '@suanli/kernel';
import type { BillingDeps } from '../../../app/ports.ts';
import type { Page, PageQuery, Visible } from '../../../app/read-ports.ts';
import { dayOf, type Month } from '../../../domain/calendar/calendar.ts';
import { csvRow } from '../../../domain/document/csv.ts';
import { getStatement } from '../../../app/documents/get-statement.ts';

/** Rows of one piece, and of one query. */
const ROWS = 500;
/** Tells spreadsheets that this is UTF-8. */
const BYTE_ORDER_MARK = '\u{feff}';

/** The bills of a month, by day, a piece at a time: nothing is held in memory as a whole. */
export async function* exportBills(deps: BillingDeps, visible: Visible, month: Month): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK +
    csvRow([
      ...['day', 'bill_line_id', 'workspace_id', 'resource_kind', 'resource_id', 'meter', 'region', 'item'],
      ...['quantity', 'amount_micros', 'written_off_micros', 'live'],
    ]);
  const query = { month, resourceId: '', today: dayOf(deps.clock.now()) };
  for await (const rows of pages((page) => deps.reads.bills(visible, query, page))) {
    yield rows
      .map((bill) =>
        csvRow([
          ...[bill.day, bill.billLineId, bill.workspaceId, bill.resourceKind, bill.resourceId, bill.meter],
          ...[bill.region, bill.item, bill.quantity, bill.amountMicros, bill.writtenOffMicros, String(bill.isLive)],
        ]),
      )
      .join('');
  }
}

/** The movements that the statement of the month covers, newest first: what they add up to is its difference. */
export async function* exportLedger(deps: BillingDeps, accountId: string, month: Month): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK +
    csvRow(['sequence', 'created_at', 'kind', 'amount_micros', 'balance_after_micros', 'reference', 'transfer_id']);
  const statement = await getStatement(deps, accountId, month);
  if (statement === undefined) return;
  const { walletId, afterSequence, toSequence } = statement;
  const read = (page: PageQuery) =>
    deps.reads.ledgerEntries(walletId, { ...page, after: page.after ?? String(toSequence + 1n) });
  for await (const rows of pages(read)) {
    const mine = rows.filter((entry) => entry.sequence > afterSequence);
    yield mine
      .map(({ sequence, createdAt, code, amountMicros, balanceAfterMicros, reference, transferId }) =>
        csvRow([sequence, toRfc3339(createdAt), code, amountMicros, balanceAfterMicros, reference, transferId]),
      )
      .join('');
    if (mine.length < rows.length) return;
  }
}

async function* pages<Row>(read: (page: PageQuery) => Promise<Page<Row>>): AsyncGenerator<Row[]> {
  for (let after: string | undefined, hasMore = true; hasMore; ) {
    const page = await read({ limit: ROWS, ...(after !== undefined && { after }) });
    if (page.rows.length > 0) yield page.rows;
    hasMore = page.hasMore;
    after = page.nextKey;
  }
}
