import { migrate } from '@suanli/postgres';
import { ownerEnv, runOnce } from '@suanli/service-kit';
import { z } from 'zod';
import { MIGRATIONS_FOLDER } from './adapters/postgres/migrations-folder.ts';

await runOnce('scheduler-migrate', z.object(ownerEnv), ({ DATABASE_OWNER_URL: ownerUrl }) =>
  migrate({ ownerUrl, migrationsFolder: MIGRATIONS_FOLDER, service: 'scheduler' }),
);
