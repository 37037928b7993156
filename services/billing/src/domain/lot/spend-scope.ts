/** What money is spent on: it decides which credit may pay. `product` is `job`, `inference`, `storage`, `plan` … */
export type SpendScope = { product: string; item: string; region: string };
