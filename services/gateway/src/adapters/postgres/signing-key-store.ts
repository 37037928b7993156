import type { Database } from '@suanli/postgres';
import { desc } from 'drizzle-orm';
import type { SigningKeyStore } from '../../app/tokens/signing-keys.ts';
import { signingKeys } from './schema.ts';

export function signingKeyStore(db: Database): SigningKeyStore {
  return {
    list: () => db.select().from(signingKeys).orderBy(desc(signingKeys.createdAt)),
    async insertActive({ kid, publicJwk, sealedPrivateJwk, createdAt }) {
      // The partial unique index lets one active key be: of two replicas that start together, one makes it.
      const inserted = await db
        .insert(signingKeys)
        .values({ kid, publicJwk, sealedPrivateJwk, isActive: true, createdAt: new Date(createdAt) })
        .onConflictDoNothing()
        .returning({ kid: signingKeys.kid });
      return inserted.length === 1;
    },
  };
}
