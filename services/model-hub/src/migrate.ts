import { migrate } from '@suanli/postgres';
import { env, parseEnv } from '@suanli/service-kit';
import { z } from 'zod';
import { MIGRATIONS_FOLDER } from './adapters/postgres/migrations-folder.ts';

const parsed = parseEnv(z.object({ DATABASE_OWNER_URL: env.secretUrl('PostgreSQL as the owner role') }), process.env);
if (parsed.kind === 'bad') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(78);
}
await migrate({
  ownerUrl: parsed.config.DATABASE_OWNER_URL,
  migrationsFolder: MIGRATIONS_FOLDER,
  service: 'model-hub',
});
