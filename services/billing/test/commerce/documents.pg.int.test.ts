import { documentsSuite } from './documents-suite.ts';
import { billingOnPostgres } from '../under-test.ts';

documentsSuite(billingOnPostgres);
