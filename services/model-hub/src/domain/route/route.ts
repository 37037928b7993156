import type { Instant } from '@suanli/kernel';
import { type Outcome, done, refused } from '../refusal.ts';

/** Which upstream serves a model name. */
export type RouteSpec = {
  model: string;
  upstream: string;
  upstreamModel: string;
  description: string;
  isLanguageModel: boolean;
};

export type Route = RouteSpec & {
  /** Grows with each change of this model name, also over a removal: a reader keeps the highest that it has seen. */
  version: number;
  updatedAt: Instant;
  /** A removed route stays as a tombstone, so that its version goes on and a default is not seeded again. */
  isRemoved: boolean;
};

export const DEFAULT_ROUTES: readonly RouteSpec[] = [
  {
    model: 'offline-writer',
    upstream: 'offline-writer',
    upstreamModel: 'offline-writer',
    description:
      'Deterministic extractive writer built into the platform. It is not a language model: it selects and arranges ' +
      'sentences of the text it is given, for trying the platform without an upstream.',
    isLanguageModel: false,
  },
];

const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const UPSTREAM = /^[a-z0-9][a-z0-9-]{0,63}$/;
const MAX_UPSTREAM_MODEL_CHARS = 256;
const MAX_DESCRIPTION_CHARS = 2_000;

export function checkRoute(spec: RouteSpec): Outcome<RouteSpec> {
  const rule = routeProblem(spec);
  if (rule !== undefined) return refused({ reason: 'invalid_route', rule });
  return done({ ...spec, upstreamModel: spec.upstreamModel || spec.model });
}

/** The route after a change; its version is one more than the last. */
export function changeRoute(before: Route | undefined, spec: RouteSpec, now: Instant): Route {
  return { ...spec, version: (before?.version ?? 0) + 1, updatedAt: now, isRemoved: false };
}

export function removeRoute(before: Route, now: Instant): Route {
  return { ...before, version: before.version + 1, updatedAt: now, isRemoved: true };
}

function routeProblem({ model, upstream, upstreamModel, description }: RouteSpec): string | undefined {
  if (!MODEL.test(model)) return 'model: letters, digits, ".", "_", ":", "/", "-"; 1 to 128';
  if (!UPSTREAM.test(upstream)) return 'upstream: lower case letters, digits, "-"; 1 to 64';
  if (upstreamModel.length > MAX_UPSTREAM_MODEL_CHARS)
    return `upstream_model: at most ${MAX_UPSTREAM_MODEL_CHARS} characters`;
  if (description.length > MAX_DESCRIPTION_CHARS) return `description: at most ${MAX_DESCRIPTION_CHARS} characters`;
  if ([upstreamModel, description].some((text) => text.includes('\0'))) return 'no NUL characters';
  return undefined;
}
