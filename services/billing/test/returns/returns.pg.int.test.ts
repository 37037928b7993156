import { billingOnPostgres } from '../under-test.ts';
import { returnsSuite } from './returns-suite.ts';

returnsSuite(billingOnPostgres, { numRuns: 6 });
