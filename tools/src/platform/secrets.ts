import { randomBytes } from 'node:crypto';
import { readJson, writeJson } from '../json-file.ts';

const SECRET_BYTES = 32;

/** Secrets by name, made at first use and the same ever after. */
export type Secrets = {
  /** 256 random bits; `base64url` may stand in a URL. */
  get(name: string, encoding?: 'base64' | 'base64url'): string;
  save(): Promise<void>;
};

export async function openSecrets(path: string): Promise<Secrets> {
  const known = (await readJson<Record<string, string>>(path)) ?? {};
  return {
    get: (name, encoding = 'base64url') => (known[name] ??= randomBytes(SECRET_BYTES).toString(encoding)),
    save: () => writeJson(path, known),
  };
}
