import { bookSuite } from './book-suite.ts';
import { correctionSuite } from './correction-suite.ts';
import { priceSuite } from './price-suite.ts';
import type { BillingUnderTest } from '../under-test.ts';

/** What usage costs, whatever keeps the rows. */
export function ratingSuite(make: () => Promise<BillingUnderTest>, options: { numRuns: number }): void {
  priceSuite(make, options);
  correctionSuite(make, options);
  bookSuite(make);
}
