import { migrate } from '@suanli/postgres';
import { env, parseEnv } from '@suanli/service-kit';
import { z } from 'zod';
import { migrationsFolder, SERVICE } from './adapters/postgres/migrations-folder.ts';

const schema = z.object({ DATABASE_OWNER_URL: env.secretUrl('PostgreSQL as the owner of the tables') });
const parsed = parseEnv(schema, process.env);
if (parsed.kind !== 'ok') throw new Error(parsed.problems.join('\n'));
await migrate({ ownerUrl: parsed.config.DATABASE_OWNER_URL, migrationsFolder, service: SERVICE });
