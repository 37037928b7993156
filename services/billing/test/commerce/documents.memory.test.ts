import { documentsSuite } from './documents-suite.ts';
import { billingInMemory } from '../under-test.ts';

documentsSuite(billingInMemory);
