import type { Vault } from '@suanli/service-kit';

type Attempt = { workloadId: string; epoch: number };

/** Job keys as the database has them: sealed for one attempt, so that a row cannot be used for another. */
export type JobKeyVault = {
  seal(key: string, attempt: Attempt): string;
  open(sealed: string, attempt: Attempt): string;
};

export function jobKeyVault(vault: Vault): JobKeyVault {
  const purposeOf = ({ workloadId, epoch }: Attempt) => `job key ${workloadId}/${epoch}`;
  return {
    seal: (key, attempt) => vault.seal(key, purposeOf(attempt)),
    open: (sealed, attempt) => vault.open(sealed, purposeOf(attempt)),
  };
}
