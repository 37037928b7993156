import type { CallContext } from '@suanli/kernel';
import { compileDefinition } from '../../domain/definition/compile-definition.ts';
import type { Definition } from '../../domain/definition/definition.ts';
import type { Program } from '../../domain/definition/program.ts';
import { isPlainJson, type Json } from '../../domain/json.ts';
import { MAX_SOURCE_BYTES } from '../../domain/limits.ts';
import { command } from '../command.ts';
import type { Deps } from '../ports.ts';
import { Refuse, type Refusal, refused } from '../refusal.ts';

/** A document as it was sent, parsed; or what the parser said. */
export type Source = { kind: 'document'; document: unknown; bytes: number } | { kind: 'unreadable'; detail: string };

type Created = { kind: 'done'; answer: { id: string } } | Refusal;

/** Stores a version of a workflow, once it compiles. The same document again is the same version. */
export async function createDefinition(deps: Deps, ctx: CallContext, source: Source): Promise<Created> {
  const checked = await check(deps, source);
  if (checked.kind === 'refused') return checked;
  const { document: meta } = checked.program;
  const digest = deps.digest(checked.program.source);
  return command(deps.transact, ctx, { name: 'create-definition', body: { digest } }, async ({ definitions }) => {
    const { namespace, name, version } = meta;
    const id = deps.ids.next('wfd');
    const now = deps.clock.now();
    const document = checked.program.source;
    const definition: Definition = {
      id,
      tenant: ctx.tenant,
      namespace,
      name,
      version,
      digest,
      document,
      createdAt: now,
    };
    if (await definitions.insert(definition)) return { id };
    const before = await definitions.findVersion(ctx.tenant, meta);
    if (before?.digest === digest) return { id: before.id };
    throw new Refuse({
      reason: 'definition_version_exists',
      definitionId: before?.id ?? '',
      digest: before?.digest ?? '',
    });
  });
}

async function check(deps: Deps, source: Source): Promise<{ kind: 'compiled'; program: Program } | Refusal> {
  const invalid = (message: string) => refused({ reason: 'invalid_definition', problems: [{ pointer: '', message }] });
  if (source.kind === 'unreadable') return invalid(source.detail);
  if (source.bytes > MAX_SOURCE_BYTES) return invalid(`a definition has at most ${MAX_SOURCE_BYTES} bytes`);
  if (!isPlainJson(source.document))
    return invalid('the document holds something that is not JSON, or is nested too deep');
  const compiled = compileDefinition(source.document satisfies Json);
  if (compiled.kind === 'invalid') return refused({ reason: 'invalid_definition', problems: compiled.problems });
  const problems = await deps.evaluator.check(compiled.expressions);
  if (problems.length > 0) return refused({ reason: 'invalid_definition', problems });
  return compiled;
}
