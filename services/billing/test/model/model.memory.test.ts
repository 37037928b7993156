import { modelSuite } from './model-suite.ts';
import { billingInMemory } from '../under-test.ts';

modelSuite(billingInMemory, { numRuns: 150, timeoutMs: 60_000 });
