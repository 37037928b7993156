import { commitmentsSuite } from './commitments-suite.ts';
import { billingInMemory } from '../under-test.ts';

commitmentsSuite(billingInMemory);
