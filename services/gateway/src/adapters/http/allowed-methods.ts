import type { RouteOptions } from 'fastify';

export type AllowedMethods = {
  add(route: Pick<RouteOptions, 'method' | 'url'>): void;
  /** Methods that some route takes at this path. */
  at(path: string): string[];
};

/** Which methods each path takes, so that a wrong method is told apart from a wrong path. */
export function createAllowedMethods(): AllowedMethods {
  const byPattern = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  return {
    add({ method, url }) {
      const entry = byPattern.get(url) ?? { pattern: patternOf(url), methods: new Set() };
      for (const one of [method].flat()) entry.methods.add(one);
      byPattern.set(url, entry);
    },
    at(path) {
      const found = [...byPattern.values()].filter(({ pattern }) => pattern.test(path));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
}

/** `:id` is one part of a path, `*` the rest of it. */
function patternOf(url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/:[a-z_]+/g, '[^/]+').replaceAll('*', '.+')}/?$`);
}
