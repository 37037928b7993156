import { ratingSuite } from './rating-suite.ts';
import { billingOnPostgres } from '../under-test.ts';

ratingSuite(billingOnPostgres, { numRuns: 6 });
