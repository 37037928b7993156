import { describe } from 'vitest';
import { bankSuite } from './bank-suite.ts';
import { rechargesOnPostgres } from './recharges-under-test.ts';
import { stripeSuite } from './stripe-suite.ts';

describe('a recharge by bank transfer', () => {
  bankSuite(rechargesOnPostgres);
});
describe('a recharge through Stripe', () => {
  stripeSuite(rechargesOnPostgres);
});
