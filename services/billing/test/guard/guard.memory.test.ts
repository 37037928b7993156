import { describe } from 'vitest';
import { guardSuite } from './guard-suite.ts';
import { billingInMemory } from '../under-test.ts';

describe('budgets and standings, in memory', () => {
  guardSuite(billingInMemory);
});
