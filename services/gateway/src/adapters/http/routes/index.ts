import type { HttpApp, Routes } from '../create-http-app.ts';
import type { HttpDeps } from '../http-deps.ts';
import { chatRoutes } from '../openai/chat-completions.ts';
import { modelRoutes } from '../openai/models.ts';
import { meRoutes } from './account/me.ts';
import { platformRoutes } from './platform/platform.ts';

/** All routes of the public listener, by board. */
const ROUTES: readonly Routes[] = [platformRoutes, meRoutes, modelRoutes, chatRoutes];

export async function registerRoutes(app: HttpApp, deps: HttpDeps): Promise<void> {
  for (const routes of ROUTES) await routes(app, deps);
}
