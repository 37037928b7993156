import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/adapters/postgres/schema.ts', './src/adapters/postgres/corpus/schema.ts'],
  out: './migrations',
  casing: 'snake_case',
});
