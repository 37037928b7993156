import type pg from 'pg';
import type { NewPrice } from '../../../src/app/prices/publish-prices.ts';
import { startOf, type TenantPlan } from '../plan-year.ts';
import { usageOn } from '../plan-usage.ts';
import type { Year } from '../year.ts';
import { FIRST_PRICES, GPU_ITEMS, LATE_PRICE, PRICE_CHANGES } from '../year-prices.ts';

/**
 * Rates the usage of some accounts again, from the plan alone and with arithmetic of its own: nothing here is imported from
 * the code that rated it. Slow and plain on purpose.
 */

type Bucket = { price: NewPrice; basisPoints: number; quantity: bigint };

export async function oracleFindings(
  client: pg.Client,
  year: Year,
  sample: number,
): Promise<{ findings: string[]; lines: number }> {
  const step = Math.max(1, Math.floor(year.tenants.length / sample));
  const chosen = year.tenants.filter(({ index }) => index % step === 0 || index % 31 === 11);
  const findings: string[] = [];
  let lines = 0;
  for (const plan of chosen) {
    const wanted = new Map([...bucketsOf(year, plan)].map(([key, bucket]) => [key, reckon(bucket)]));
    const got = await billed(client, plan.tenant.accountId);
    for (const key of new Set([...wanted.keys(), ...got.keys()])) {
      lines += 1;
      const [mine, theirs] = [wanted.get(key) ?? 0n, got.get(key) ?? 0n];
      if (mine !== theirs) findings.push(`oracle, ${plan.tenant.accountId} ${key}: ${theirs} billed, ${mine} reckoned`);
    }
  }
  return { findings: findings.slice(0, 5), lines };
}

/** What was billed under one price and discount: of a resource, or of the month where the month is priced as a whole. */
async function billed(client: pg.Client, accountId: string): Promise<Map<string, bigint>> {
  const { rows } = await client.query<{ key: string; amount: string }>(
    `select concat_ws(' ', case line.period when '' then line.source_id else line.period end, line.meter, price.item,
        price.region, price.account_id <> '', (extract(epoch from price.effective_from) * 1000)::bigint,
        coalesce((extract(epoch from discount.effective_from) * 1000)::bigint, 0)) as key, sum(line.amount_micros)::text as amount
     from bill_lines line join prices price on price.id = line.price_id
     left join discounts discount on discount.id = line.discount_id
     where line.account_id = $1 and line.meter <> 'minimum_commit' group by 1`,
    [accountId],
  );
  return new Map(rows.map((row) => [row.key, BigInt(row.amount)]));
}

function bucketsOf({ size }: Year, plan: TenantPlan): Map<string, Bucket> {
  const buckets = new Map<string, Bucket>();
  const book = bookOf(plan);
  const discounts = discountsOf(plan);
  for (let day = 0; day < size.days; day++) {
    for (const fact of usageOn(size.seed, plan, day).facts) {
      const usage = fact.tellings.at(-1)?.usage;
      if (usage === undefined || fact.parkedFor !== undefined) continue;
      const until = Math.min(usage.to, fact.fencedAt ?? usage.to);
      for (const { meter, quantity } of usage.readings) {
        const changes = [...book.map((price) => price.effectiveFrom), ...discounts.map((one) => one.at), ...MONTHS];
        for (const piece of pieces(usage, meter, quantity, until, changes)) {
          const price = priceAt(book, { meter, item: usage.item, region: usage.region }, piece.from);
          const discount =
            price.accountId === undefined ? discounts.findLast((one) => one.at <= piece.from) : undefined;
          const reduced = discount !== undefined && discount.basisPoints > 0 ? discount : { at: 0, basisPoints: 0 };
          const of = price.model === undefined ? usage.source.id : monthOf(piece.from);
          const own = price.accountId === undefined ? 'f' : 't';
          const key = [of, meter, price.item, price.region, own, price.effectiveFrom, reduced.at].join(' ');
          const bucket = buckets.get(key) ?? { price, basisPoints: reduced.basisPoints, quantity: 0n };
          buckets.set(key, { ...bucket, quantity: bucket.quantity + piece.quantity });
        }
      }
    }
  }
  return buckets;
}

/** First instants of months in Shanghai, written down. */
const MONTHS = Array.from({ length: 15 }, (_, month) => Date.UTC(2028, month, 1) - 8 * 3_600_000);

function monthOf(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 7);
}

function pieces(
  window: { from: number; to: number },
  meter: string,
  quantity: bigint,
  until: number,
  changes: readonly number[],
): { from: number; quantity: bigint }[] {
  if (quantity === 0n || (until <= window.from && window.to > window.from)) return [];
  if (!meter.endsWith('_time') || window.to === window.from) return [{ from: window.from, quantity }];
  const upTo = (at: number) => (quantity * BigInt(at - window.from)) / BigInt(window.to - window.from);
  const inside = changes.filter((at) => at > window.from && at < until);
  const cuts = [...new Set([window.from, ...inside, until])].sort((a, b) => a - b);
  const found: { from: number; quantity: bigint }[] = [];
  for (const [at, end] of cuts.entries()) {
    const begin = cuts[at - 1];
    if (begin === undefined || end <= begin) continue;
    const part = upTo(end) - upTo(begin);
    if (part > 0n) found.push({ from: begin, quantity: part });
  }
  return found;
}

function bookOf(plan: TenantPlan): NewPrice[] {
  const changes = [...PRICE_CHANGES, LATE_PRICE].flatMap((change) => change.prices);
  const own = plan.acts.flatMap((act): NewPrice[] =>
    act.kind === 'own_price'
      ? [
          {
            meter: 'gpu_time',
            region: '',
            item: GPU_ITEMS[1],
            accountId: plan.tenant.accountId,
            amountMicros: act.amountMicros,
            perQuantity: 3_600_000_000n,
            display: '',
            effectiveFrom: 0,
          },
        ]
      : [],
  );
  return [...FIRST_PRICES, ...changes, ...own];
}

function discountsOf(plan: TenantPlan): { at: number; basisPoints: number }[] {
  const told = plan.acts.flatMap((act) =>
    act.kind === 'discount' ? [{ at: startOf(act.day) + act.atMs, basisPoints: act.basisPoints }] : [],
  );
  return told.sort((a, b) => a.at - b.at);
}

/** Own price, then own item, then own region; of one price the latest version that has begun. */
function priceAt(
  book: readonly NewPrice[],
  what: { meter: string; item: string; region: string },
  at: number,
): NewPrice {
  const fits = book.filter(
    (price) =>
      price.meter === what.meter &&
      (price.item === '*' || price.item === what.item) &&
      (price.region === '' || price.region === what.region) &&
      price.effectiveFrom <= at,
  );
  const rank = (price: NewPrice) =>
    (price.accountId === undefined ? 0 : 4) + (price.item === '*' ? 0 : 2) + (price.region === '' ? 0 : 1);
  const [best] = fits.sort((a, b) => rank(b) - rank(a) || b.effectiveFrom - a.effectiveFrom);
  if (best === undefined) throw new Error(`no price of ${JSON.stringify(what)} at ${at}`);
  return best;
}

/** Paper and pencil: what a quantity costs under one price after a discount, rounded down once. */
function reckon({ price, basisPoints, quantity }: { price: NewPrice; basisPoints: number; quantity: bigint }): bigint {
  const { numerator, denominator } = exact(price, quantity);
  return (numerator * BigInt(10_000 - basisPoints)) / (denominator * 10_000n);
}

function exact({ model, amountMicros, perQuantity }: NewPrice, quantity: bigint) {
  if (quantity === 0n) return { numerator: 0n, denominator: 1n };
  if (model === undefined || model.kind === 'unit')
    return { numerator: quantity * amountMicros, denominator: perQuantity };
  if (model.kind === 'flat') return { numerator: amountMicros, denominator: 1n };
  if (model.kind === 'package') {
    const begun = quantity % perQuantity === 0n ? quantity / perQuantity : quantity / perQuantity + 1n;
    return { numerator: begun * amountMicros, denominator: 1n };
  }
  if (model.kind === 'withdrawn') throw new Error('nothing is withdrawn in this year');
  let numerator = 0n;
  let floor = 0n;
  for (const tier of model.tiers) {
    const ceiling = tier.upTo ?? quantity;
    if (model.kind === 'volume') {
      if (quantity > floor && quantity <= ceiling) numerator = quantity * tier.amountMicros;
    } else if (quantity > floor) {
      const inTier = (quantity < ceiling ? quantity : ceiling) - floor;
      numerator += inTier * tier.amountMicros + (tier.flatMicros ?? 0n) * perQuantity;
    }
    floor = ceiling;
  }
  return { numerator, denominator: perQuantity };
}
