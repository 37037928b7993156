import { commitmentsSuite } from './commitments-suite.ts';
import { billingOnPostgres } from '../under-test.ts';

commitmentsSuite(billingOnPostgres);
