import { fileURLToPath } from 'node:url';

export const SERVICE = 'workflow';
/** Where drizzle-kit writes, and what `migrate` and the check at start read. */
export const migrationsFolder = fileURLToPath(new URL('../../../migrations', import.meta.url));
