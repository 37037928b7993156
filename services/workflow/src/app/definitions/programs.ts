import { invariant } from '@suanli/kernel';
import { compileDefinition } from '../../domain/definition/compile-definition.ts';
import type { Program } from '../../domain/definition/program.ts';
import type { Stores } from '../ports.ts';

/** Compiled definitions, the ones used last. Definitions never change, so an entry never goes stale. */
export type Programs = { of(stores: Pick<Stores, 'definitions'>, definitionId: string): Promise<Program> };

const MAX_PROGRAMS = 100;

export function createPrograms(): Programs {
  const cache = new Map<string, Program>();
  return {
    async of(stores, definitionId) {
      const known = cache.get(definitionId);
      if (known) return known;
      const definition = await stores.definitions.load(definitionId);
      invariant(definition !== undefined, `a run names the definition ${definitionId}, which is gone`);
      const compiled = compileDefinition(definition.document);
      invariant(compiled.kind === 'compiled', `the stored definition ${definitionId} does not compile any more`);
      if (cache.size >= MAX_PROGRAMS) cache.delete(cache.keys().next().value ?? '');
      cache.set(definitionId, compiled.program);
      return compiled.program;
    },
  };
}
