import { describe, expect, it } from 'vitest';
import { serviceName } from './run.ts';

describe('serviceName', () => {
  it.each([
    ['createBilling', 'billing'],
    ['createModelHub', 'model-hub'],
    ['createClusterAgent', 'cluster-agent'],
    ['', 'service'],
  ])('of %s is %s', (functionName, name) => expect(serviceName(functionName)).toBe(name));
});
