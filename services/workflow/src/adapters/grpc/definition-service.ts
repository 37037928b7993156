import { publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import * as wire from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import { createDefinition } from '../../app/definitions/create-definition.ts';
import type { Deps } from '../../app/ports.ts';
import { refused } from '../../app/refusal.ts';
import { paged, readPage } from './page.ts';
import { readSource, withRequestId } from './read-request.ts';
import { toGrpcRefusal } from './refusals.ts';
import { definitionMessage } from './to-proto.ts';
import { TENANTS } from './tenants.ts';

export function definitionService(deps: Deps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'workflows:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'workflows:write', roles: TENANTS });
  const unknown = toGrpcRefusal(refused({ reason: 'definition_not_found' }));
  const implementation: wire.DefinitionServiceServer = {
    createDefinition: unary(write, async (ctx, { requestId, source }) => {
      const done = await createDefinition(deps, withRequestId(ctx, requestId), readSource(source));
      if (done.kind === 'refused') return refuse(toGrpcRefusal(done));
      const found = await deps.transact(({ definitions }) => definitions.get(ctx.tenant, done.answer.id));
      return found ? { definition: definitionMessage(found) } : refuse(unknown);
    }),
    getDefinition: unary(read, async (ctx, { definitionId }) => {
      const found = await deps.transact(({ definitions }) => definitions.get(ctx.tenant, definitionId));
      return found ? { definition: definitionMessage(found) } : refuse(unknown);
    }),
    listDefinitions: unary(read, async (ctx, request) => {
      const asked = readPage('definitions', request.page);
      const rows = await deps.transact(({ definitions }) => definitions.list(ctx.tenant, asked));
      const { items, page } = paged(
        'definitions',
        rows,
        asked.shown,
        definitionMessage,
        wire.Definition.encode,
        (r) => r.id,
      );
      return { definitions: items, page };
    }),
  };
  return { definition: wire.DefinitionServiceService, implementation };
}
