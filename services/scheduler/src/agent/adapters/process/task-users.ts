import { createHash } from 'node:crypto';

/** User ids that no person and no service of the machine has; each agent takes a block of its own. */
const FIRST_UID = 200_000;
const BLOCK_COUNT = 4_000;
const BLOCK_SIZE = 1_000;

export type TaskUser = { uid: number; gid: number };

/** Lends each task a user of its own while it lives, the same one whenever asked. Only root may change user: otherwise all share the agent's. */
export type TaskUsers = { lend(key: string): TaskUser | undefined; giveBack(key: string): void };

export function createTaskUsers(clusterId: string, isRoot: boolean): TaskUsers {
  const digest = createHash('sha256').update(clusterId).digest();
  const first = FIRST_UID + (digest.readUInt32BE(0) % BLOCK_COUNT) * BLOCK_SIZE;
  const lent = new Map<string, number>();
  return {
    lend(key) {
      if (!isRoot) return undefined;
      const own = lent.get(key);
      if (own !== undefined) return { uid: own, gid: own };
      const taken = new Set(lent.values());
      let uid = first;
      while (taken.has(uid)) uid++;
      lent.set(key, uid);
      return { uid, gid: uid };
    },
    giveBack: (key) => lent.delete(key),
  };
}
