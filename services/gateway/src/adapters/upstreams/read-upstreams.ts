import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { OpenAiUpstreamOptions } from './openai-upstream.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const fileSchema = z.strictObject({
  upstreams: z.array(
    z.strictObject({
      name: z.string().regex(NAME),
      base_url: z.url(),
      /** The key itself, or a file that holds it. */
      api_key: z.string().min(1).optional(),
      api_key_file: z.string().min(1).optional(),
    }),
  ),
});

export type UpstreamSettings = { file?: string | undefined; baseUrl?: string | undefined; apiKey?: string | undefined };

/** Upstreams of a YAML file, and the one of OPENAI_BASE_URL under the name `openai`. Throws with what is wrong. */
export async function readUpstreams({ file, baseUrl, apiKey }: UpstreamSettings): Promise<OpenAiUpstreamOptions[]> {
  const listed = file === undefined ? [] : fileSchema.parse(parse(await readFile(file, 'utf8'))).upstreams;
  const named = await Promise.all(
    listed.map(async ({ name, base_url, api_key, api_key_file }) => ({
      name,
      baseUrl: base_url,
      apiKey: api_key ?? (api_key_file === undefined ? undefined : (await readFile(api_key_file, 'utf8')).trim()),
    })),
  );
  return baseUrl === undefined ? named : [...named, { name: 'openai', baseUrl, apiKey }];
}
