import type { CallContext } from '@suanli/kernel';
import type { Workspace } from '../../domain/account/account.ts';
import type { CommandDeps } from '../ports.ts';
import { type Outcome, runOnce } from '../run-once.ts';

export type CreateWorkspace = { name: string };

/** Names are unique in an account. */
export function createWorkspace(
  deps: CommandDeps,
  ctx: CallContext,
  command: CreateWorkspace,
): Promise<Outcome<Workspace, 'workspace_exists'>> {
  return runOnce(deps, ctx, { name: 'create-workspace', body: command }, async (tx) => {
    const workspace: Workspace = {
      workspaceId: deps.ids.next('wsp'),
      accountId: ctx.tenant.accountId,
      name: command.name,
      createdAt: deps.clock.now(),
    };
    const isNew = await deps.stores(tx).workspaces.insert(workspace);
    return isNew ? { kind: 'done', value: workspace } : { kind: 'refused', reason: 'workspace_exists' };
  });
}
