import type { RouteStore } from '../app/ports.ts';
import { type MemoryState, sliceOf } from './memory-state.ts';

export function memoryRoutes({ routes }: MemoryState): RouteStore {
  return {
    lock: async (model) => routes.get(model),
    async put(route) {
      const existing = routes.get(route.model);
      if (route.version === 1 && existing) return existing;
      routes.set(route.model, route);
      return undefined;
    },
    async list(slice) {
      const inForce = [...routes.values()].filter((route) => !route.isRemoved);
      return sliceOf(inForce, (route) => route.model, slice, 'ascending');
    },
  };
}
