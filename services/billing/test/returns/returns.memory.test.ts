import { billingInMemory } from '../under-test.ts';
import { returnsSuite } from './returns-suite.ts';

returnsSuite(billingInMemory, { numRuns: 200 });
