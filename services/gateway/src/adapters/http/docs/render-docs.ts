import type { Logger } from '@suanli/kernel';
import { createHttpApp } from '../create-http-app.ts';
import type { HttpDeps } from '../http-deps.ts';
import { errorsMarkdown } from './errors-page.ts';

/** Documents that are made from the code and kept in the repository, by their path in it. */
export async function renderDocs(): Promise<Record<string, string>> {
  return { 'docs/openapi/openapi.json': await renderOpenApi(), 'docs/api/errors.md': errorsMarkdown() };
}

async function renderOpenApi(): Promise<string> {
  const app = await createHttpApp(unconnected());
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
  }
}

/** Dependencies that routes may hold but not use: nothing is called while a document is written. */
function unconnected(): HttpDeps {
  const nothing: unknown = new Proxy(() => undefined, { get: () => nothing });
  const quiet = () => undefined;
  const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
  const known = { logger, trustedProxies: [], publicUrl: 'http://localhost:8080' };
  return new Proxy(known, { get: (target, name) => Reflect.get(target, name) ?? nothing }) as unknown as HttpDeps;
}
