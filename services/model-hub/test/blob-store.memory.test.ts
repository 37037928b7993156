import { memoryBlobStore } from '../src/testing/memory-blob-store.ts';
import { blobStoreSuite } from './blob-store.suite.ts';

blobStoreSuite('memory', async () => ({ store: memoryBlobStore(), [Symbol.asyncDispose]: async () => undefined }));
