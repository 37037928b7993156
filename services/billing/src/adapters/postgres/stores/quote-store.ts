import type { Tx } from '@suanli/postgres';
import { inArray } from 'drizzle-orm';
import type { QuoteStore } from '../../../app/prices/ports.ts';
import { toQuote } from '../rows.ts';
import { fromTenant } from '../rows.ts';
import { quotes } from '../schema/index.ts';
import { toTaggedJson } from '../tagged-json.ts';

export function quoteStore(tx: Tx): QuoteStore {
  return {
    async insert({ tenant, lines, ...quote }) {
      await tx.insert(quotes).values({
        ...quote,
        ...fromTenant(tenant),
        lines: toTaggedJson(lines),
        validUntil: new Date(quote.validUntil),
        createdAt: new Date(quote.createdAt),
      });
    },
    async find(quoteIds) {
      const rows = await tx
        .select()
        .from(quotes)
        .where(inArray(quotes.id, [...new Set(quoteIds)]));
      return rows.map(toQuote);
    },
  };
}
