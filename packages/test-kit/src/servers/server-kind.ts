export type ServerKind = 'postgres' | 'nats' | 'redis';

/** What a server is started with. */
export type ServerSetup = { password: string; natsAuthorization: string };

export const IMAGES: Record<ServerKind, string> = { postgres: 'postgres:17', nats: 'nats:2', redis: 'redis:8' };

/** Accounts prepared in the test NATS server: each `testBus` takes one, so that no two tests see the same streams. */
export const NATS_ACCOUNTS = 1_000;

/** The `accounts` block: user = account name = password. */
export function natsAccountsConfig(): string {
  const accounts = Array.from({ length: NATS_ACCOUNTS }, (_, i) => {
    const name = natsAccountName(i);
    return `  ${name} { jetstream: enabled, users: [{ user: ${name}, password: ${name} }] }`;
  });
  return `accounts {\n${accounts.join('\n')}\n}`;
}

export function natsAccountName(index: number): string {
  return `test${index}`;
}

/** The label and folder name that say which process a server belongs to. */
export const OWNER_LABEL = 'suanli.test.owner';

/** Whether the process that started a server still runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
