import { modelSuite } from './model-suite.ts';
import { billingOnPostgres } from '../under-test.ts';

modelSuite(billingOnPostgres, { numRuns: 12, timeoutMs: 240_000 });
