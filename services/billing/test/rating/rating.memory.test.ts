import { ratingSuite } from './rating-suite.ts';
import { billingInMemory } from '../under-test.ts';

ratingSuite(billingInMemory, { numRuns: 100 });
