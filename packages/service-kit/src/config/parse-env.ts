import type { z } from 'zod';
import { describeEnv } from './describe-env.ts';

export type ParsedEnv<Config> = { kind: 'ok'; config: Config } | { kind: 'bad'; problems: string[] };

/** Reads all variables at once, so that one failed start names every problem. An empty variable counts as absent. */
export function parseEnv<Config>(schema: z.ZodType<Config>, variables: NodeJS.ProcessEnv): ParsedEnv<Config> {
  const present = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return { kind: 'ok', config: parsed.data };
  const meanings = new Map(describeEnv(schema).map((row) => [row.key, row.meaning]));
  const problems = parsed.error.issues.map(({ path, message }) => {
    const key = path.map(String).join('.');
    const meaning = meanings.get(key);
    return `${key === '' ? 'environment' : key} ${message}${meaning === undefined ? '' : ` (${meaning})`}`;
  });
  return { kind: 'bad', problems: [...new Set(problems)] };
}
