import { storySuite } from './story-suite.ts';
import { billingInMemory } from './under-test.ts';

storySuite(billingInMemory, { slicingRuns: 100 });
