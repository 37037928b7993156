import type { Instant } from '@suanli/kernel';
import { type Digest, type PlacedTransfer, type Seal, sealTransfers } from '../../domain/ledger/seal.ts';
import type { EventStore } from '../ports.ts';

/** What the sealer reads and writes, in one transaction. */
export interface SealStore {
  last(): Promise<Seal | undefined>;
  /** Transfers behind `after` up to `upTo`, in the order of their positions. */
  transfers(after: bigint, upTo: bigint, limit: number): Promise<PlacedTransfer[]>;
  append(seal: Seal): Promise<void>;
}

/** Transfers of one link: a link is read back whole when the chain is verified. */
const MAX_TRANSFERS = 2_000;

/** Adds one link over what is settled up to `upTo`; returns how many transfers it covers, 0 when there was nothing. */
export async function sealLedger(
  stores: { seals: SealStore; events: EventStore },
  upTo: bigint,
  of: { digest: Digest; now: Instant },
): Promise<number> {
  const previous = await stores.seals.last();
  const [first, ...others] = await stores.seals.transfers(previous?.lastPosition ?? 0n, upTo, MAX_TRANSFERS);
  if (first === undefined) return 0;
  const seal = sealTransfers(previous, [first, ...others], of);
  await stores.seals.append(seal);
  // Told to the world, so that a copy of the hash lives where who can rewrite this database cannot.
  await stores.events.append([{ kind: 'ledger_sealed', seal }], of.now);
  return seal.transferCount;
}
