import { storySuite } from './story-suite.ts';
import { billingOnPostgres } from './under-test.ts';

storySuite(billingOnPostgres, { slicingRuns: 8 });
