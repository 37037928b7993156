import { systemIds } from '@suanli/kernel';
import { memoryWork } from '../src/testing/memory-work.ts';
import { storesSuite } from './stores.suite.ts';

storesSuite('memory', async () => ({
  work: memoryWork().work,
  ids: systemIds,
  [Symbol.asyncDispose]: async () => undefined,
}));
