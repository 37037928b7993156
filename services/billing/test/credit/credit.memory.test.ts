import { creditSuite } from './credit-suite.ts';
import { billingInMemory } from '../under-test.ts';
import { voucherSuite } from './voucher-suite.ts';

creditSuite(billingInMemory);
voucherSuite(billingInMemory);
