import type { Database } from '@suanli/postgres';

export type MemoryDatabase = {
  db: Database;
  /** A write of the transaction that runs now: done when it commits, forgotten when it rolls back. */
  stage(write: () => void): void;
  /** How the next transactions end, in this order; after the last of them all succeed. */
  outages: ('away' | 'commit-lost')[];
  /** Transactions that were begun. */
  begun(): number;
};

/** As much of a database as `withTransaction` asks for: one transaction at a time, and outages on demand. */
export function memoryDatabase(): MemoryDatabase {
  const outages: MemoryDatabase['outages'] = [];
  let staged: (() => void)[] = [];
  let turn: Promise<void> = Promise.resolve();
  let begun = 0;
  const gone = () => Object.assign(new Error('the database is away'), { code: 'ECONNREFUSED' });

  const query = async (statement: string) => {
    if (statement.startsWith('begin')) begun += 1;
    if (statement === 'rollback') staged = [];
    if (statement !== 'commit') return { command: statement.toUpperCase() };
    for (const write of staged.splice(0)) write();
    if (outages[0] === 'commit-lost') {
      outages.shift();
      throw gone();
    }
    return { command: 'COMMIT' };
  };
  const connect = async () => {
    const before = turn;
    let release = () => undefined as void;
    turn = new Promise((resolve) => {
      release = () => {
        staged = [];
        resolve();
      };
    });
    await before;
    if (outages[0] === 'away') {
      outages.shift();
      release();
      throw gone();
    }
    return { query, release };
  };
  return {
    db: { $client: { connect } } as unknown as Database,
    stage: (write) => void staged.push(write),
    outages,
    begun: () => begun,
  };
}
