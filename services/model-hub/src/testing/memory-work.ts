import type { Remembered } from '@suanli/postgres';
import type { HubEvent, HubStores, UnitOfWork } from '../app/ports.ts';
import { memoryBlobRecords } from './memory-blob-records.ts';
import { memoryCorpora } from './memory-corpora.ts';
import { memoryCommits, memoryRepositories } from './memory-repositories.ts';
import { memoryRoutes } from './memory-routes.ts';
import { emptyState, type MemoryState } from './memory-state.ts';

export type MemoryWork = {
  work: UnitOfWork;
  /** What has been committed so far. */
  events(): readonly HubEvent[];
};

/** All stores in memory. Units of work run one after another, and one that throws leaves nothing behind. */
export function memoryWork(): MemoryWork {
  let state = emptyState();
  let queue: Promise<unknown> = Promise.resolve();

  async function run<T>(work: (stores: HubStores) => Promise<T>): Promise<T> {
    const draft = structuredClone(state);
    const result = await work(storesOf(draft));
    state = draft;
    return result;
  }

  return {
    events: () => state.events,
    work(work) {
      const result = queue.then(() => run(work));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

function storesOf(state: MemoryState): HubStores {
  return {
    repositories: memoryRepositories(state),
    commits: memoryCommits(state),
    blobs: memoryBlobRecords(state),
    corpora: memoryCorpora(state),
    routes: memoryRoutes(state),
    events: { append: async (event) => void state.events.push(event) },
    requests: {
      async once<A>(
        { scope, requestId, bodyHash }: { scope: string; requestId: string; bodyHash: string },
        effect: () => Promise<A>,
      ): Promise<Remembered<A>> {
        const before = state.requests.get(`${scope} ${requestId}`);
        if (before)
          return before.bodyHash === bodyHash ? { kind: 'replayed', answer: before.answer as A } : { kind: 'conflict' };
        const answer = await effect();
        state.requests.set(`${scope} ${requestId}`, { bodyHash, answer });
        return { kind: 'done', answer };
      },
    },
  };
}
