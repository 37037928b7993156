import type { CallContext } from '@suanli/kernel';
import type { Account, ApiKey, Member, Workspace } from '../../domain/account/account.ts';
import type { CommandDeps } from '../ports.ts';
import { type Outcome, runOnce } from '../run-once.ts';

export type OpenAccount = { name: string; ownerName: string; ownerEmail?: string; requestsPerMinute: number };
export type OpenedAccount = {
  account: Account;
  owner: Member;
  workspace: Workspace;
  apiKey: ApiKey;
  /** Told once; only its hash is kept. */
  secret: string;
};

/** By the operator: an account that can be used at once, with an owner, a workspace and a key that may do everything. */
export async function openAccount(
  deps: CommandDeps,
  ctx: CallContext,
  command: OpenAccount,
): Promise<Outcome<OpenedAccount, never>> {
  const outcome = await runOnce<OpenedAccount, never>(
    deps,
    ctx,
    { name: 'open-account', body: command },
    async (tx) => {
      const opened = plan(deps, ctx, command);
      const stores = deps.stores(tx);
      await stores.accounts.insert(opened.account);
      await stores.workspaces.insert(opened.workspace);
      await stores.members.insert(opened.owner);
      const { sha256, ...value } = opened;
      await stores.keys.insert({ ...opened.apiKey, secretSha256: sha256 });
      await deps.events(tx).append([{ kind: 'account_opened', account: opened.account }]);
      return { kind: 'done', value };
    },
  );
  deps.committed({});
  return outcome;
}

function plan(deps: CommandDeps, ctx: CallContext, command: OpenAccount): OpenedAccount & { sha256: string } {
  const { ids, clock, secrets } = deps;
  const createdAt = clock.now();
  const accountId = ids.next('acc');
  const workspaceId = ids.next('wsp');
  const memberId = ids.next('usr');
  const { secret, sha256, hint } = secrets.create('sk');
  return {
    account: { accountId, name: command.name, createdAt },
    workspace: { workspaceId, accountId, name: 'default', createdAt },
    owner: {
      memberId,
      accountId,
      name: command.ownerName,
      ...(command.ownerEmail !== undefined && { email: command.ownerEmail }),
      role: 'owner',
      createdAt,
    },
    apiKey: {
      keyId: ids.next('key'),
      accountId,
      workspaceId,
      memberId,
      name: 'first key',
      hint,
      scopes: ['*'],
      requestsPerMinute: command.requestsPerMinute,
      createdAt,
      createdBy: ctx.tenant.principalId,
    },
    secret,
    sha256,
  };
}
