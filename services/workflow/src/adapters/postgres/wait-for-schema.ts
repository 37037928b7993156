import type { Clock, Logger } from '@suanli/kernel';
import { assertSchemaCurrent, type Database, isUnavailable } from '@suanli/postgres';
import { migrationsFolder, SERVICE } from './migrations-folder.ts';

const WAIT_LIMIT_MS = 60_000;
const PAUSE_MS = 500;

/** Waits for a database that starts at the same time as we do; one that is there but not migrated fails at once. */
export async function waitForSchema(db: Database, clock: Clock, logger: Logger): Promise<void> {
  const startedMs = clock.monotonicMs();
  for (;;) {
    try {
      return await assertSchemaCurrent(db, migrationsFolder, SERVICE);
    } catch (error) {
      if (!isUnavailable(error) || clock.monotonicMs() - startedMs > WAIT_LIMIT_MS) throw error;
      logger.warn({ error: String(error) }, 'waiting for postgres');
      await clock.sleep(PAUSE_MS);
    }
  }
}
