import { defineConfig } from 'drizzle-kit';

/** The shared tables alone, for the tests of the mechanisms; each service generates them among its own. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/tables.ts',
  out: './test/migrations',
  casing: 'snake_case',
});
