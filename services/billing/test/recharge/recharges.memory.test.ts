import { describe } from 'vitest';
import { bankSuite } from './bank-suite.ts';
import { rechargesInMemory } from './recharges-under-test.ts';
import { stripeSuite } from './stripe-suite.ts';

describe('a recharge by bank transfer', () => void bankSuite(rechargesInMemory));
describe('a recharge through Stripe', () => void stripeSuite(rechargesInMemory));
