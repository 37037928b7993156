import { memoryTransact } from '../src/testing/memory-stores.ts';
import { SteppedClock } from '../src/testing/stepped-clock.ts';
import { storesSuite } from './stores-suite.ts';

storesSuite('in memory', async () => ({
  transact: memoryTransact(new SteppedClock()).transact,
  [Symbol.asyncDispose]: async () => undefined,
}));
