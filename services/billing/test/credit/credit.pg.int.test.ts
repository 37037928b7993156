import { creditSuite } from './credit-suite.ts';
import { billingOnPostgres } from '../under-test.ts';
import { voucherSuite } from './voucher-suite.ts';

creditSuite(billingOnPostgres);
voucherSuite(billingOnPostgres);
