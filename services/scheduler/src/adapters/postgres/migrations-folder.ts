import { fileURLToPath } from 'node:url';

/** Where this service's migrations lie. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
