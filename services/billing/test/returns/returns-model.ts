/** Milliseconds since the start of everything; both ends. */
export type Span = { from: number; to: number };

/** A fact of use: so many micros for each of its milliseconds. */
export type ModelFact = { id: string; job: number; span: Span; perMs: number };

type Line = { cost: number; borne: number; refunded: number; credited: number };
type Known = ModelFact & {
  cost: number;
  /** What it costs the customer, now and since a credit last looked at it. */
  own: number;
  unlooked: number;
  credited: number;
};

/** Money back on plain numbers: one wallet, a line for each job, the rules as the documentation tells them. */
export class ReturnsModel {
  wallet: number;
  taken = 0;
  returned = 0;
  readonly #lines = new Map<number, Line>();
  readonly #facts: Known[] = [];
  readonly #fences = new Map<number, number>();
  readonly #windows = new Map<number, Span>();

  constructor(wallet: number) {
    this.wallet = wallet;
  }

  /** Facts that can be corrected. */
  get facts(): readonly ModelFact[] {
    return this.#facts;
  }

  use(fact: ModelFact): void {
    const fence = this.#fences.get(fact.job);
    if (fence !== undefined && fence <= fact.span.from) return;
    const known = { ...fact, cost: 0, own: 0, unlooked: 0, credited: 0 };
    this.#facts.push(known);
    this.#charge(known);
    this.#look(known.job);
  }

  correct(at: number, id: string, perMs: number): void {
    const fact = this.#facts[at];
    if (fact === undefined) return;
    Object.assign(fact, { id, perMs });
    this.#charge(fact);
    this.#look(fact.job);
  }

  fence(job: number, at: number): void {
    if (this.#fences.has(job)) return;
    this.#fences.set(job, at);
    const cut = this.#facts.filter((fact) => fact.job === job && fact.span.to > at);
    for (const fact of cut.toSorted((a, b) => (a.id < b.id ? -1 : 1))) this.#charge(fact);
    if (cut.length > 0) this.#look(job);
  }

  /** False when it is more than is left of the line. */
  refund(job: number, amount: number): boolean {
    const line = this.#lines.get(job);
    if (line === undefined || amount > left(line)) return false;
    line.refunded += amount;
    this.#giveBack(amount);
    return true;
  }

  tellUnusable(job: number, span: Span): void {
    if (!this.#windows.has(job)) this.#windows.set(job, span);
    this.#look(job);
  }

  #giveBack(amount: number): void {
    this.wallet += amount;
    this.returned += amount;
  }

  #spanOf({ job, span }: Known): Span {
    return { from: span.from, to: Math.max(span.from, Math.min(span.to, this.#fences.get(job) ?? span.to)) };
  }

  #charge(fact: Known): void {
    const { from, to } = this.#spanOf(fact);
    const line = this.#lines.get(fact.job) ?? { cost: 0, borne: 0, refunded: 0, credited: 0 };
    this.#lines.set(fact.job, line);
    const before = fact.cost;
    fact.cost = (to - from) * fact.perMs;
    if (fact.cost >= before) this.#more(fact, line, fact.cost - before);
    else this.#less(fact, line, before);
  }

  #more(fact: Known, line: Line, amount: number): void {
    const paid = Math.min(amount, this.wallet);
    this.wallet -= paid;
    this.taken += paid;
    line.cost += amount;
    line.borne += amount - paid;
    fact.own += paid;
    fact.unlooked += paid;
  }

  #less(fact: Known, line: Line, before: number): void {
    let rest = before - fact.cost;
    const take = (upTo: number) => {
      const taken = Math.min(rest, upTo);
      rest -= taken;
      return taken;
    };
    const gone = take(Math.min(this.#goneCredit(fact, before), line.credited));
    const borne = take(line.borne);
    const refunded = take(line.refunded);
    const back = take(line.cost - line.borne - line.refunded - line.credited);
    line.cost -= before - fact.cost;
    line.borne -= borne;
    line.refunded -= refunded;
    line.credited -= gone + rest;
    fact.credited -= gone + rest;
    fact.own -= before - fact.cost - borne;
    fact.unlooked -= before - fact.cost - borne;
    this.#giveBack(back);
  }

  /** What of the fact's credit was of time that is not charged any more. */
  #goneCredit(fact: Known, before: number): number {
    const window = this.#windows.get(fact.job);
    if (fact.credited <= 0 || window === undefined) return 0;
    const own = fact.own <= 0 ? 0 : Math.ceil((fact.own * fact.cost) / before);
    return Math.max(0, fact.credited - share(own, this.#spanOf(fact), window));
  }

  #look(job: number): void {
    const window = this.#windows.get(job);
    const line = this.#lines.get(job);
    if (window === undefined || line === undefined) return;
    for (const fact of this.#facts.filter((one) => one.job === job)) {
      const credit = Math.max(0, Math.min(share(fact.unlooked, this.#spanOf(fact), window), left(line)));
      fact.unlooked = 0;
      fact.credited += credit;
      line.credited += credit;
      this.#giveBack(credit);
    }
  }
}

function left({ cost, borne, refunded, credited }: Line): number {
  return cost - borne - refunded - credited;
}

function share(amount: number, { from, to }: Span, window: Span): number {
  const overlap = Math.min(to, window.to) - Math.max(from, window.from);
  return amount <= 0 || overlap <= 0 ? 0 : Math.ceil((amount * overlap) / (to - from));
}
