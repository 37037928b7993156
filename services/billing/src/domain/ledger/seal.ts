import type { Instant } from '@suanli/kernel';
import type { LotPart, Transfer } from './transfer.ts';

/** A transfer with its place in the order of booking. */
export type PlacedTransfer = Transfer & { position: bigint };

/** A link of the hash chain: it covers the transfers between two positions, and the link before it. */
export type Seal = {
  number: bigint;
  firstPosition: bigint;
  lastPosition: bigint;
  transferCount: number;
  previousHash: string;
  /** SHA-256 in hex of the hash before it and the lines of its transfers. */
  hash: string;
  sealedAt: Instant;
};

/** What the first link names as the one before it. */
export const GENESIS_HASH = '0'.repeat(64);

/** SHA-256 of a text in UTF-8, in hex. */
export type Digest = (text: string) => string;

/** The next link over these transfers, in the order of their positions. */
export function sealTransfers(
  previous: Seal | undefined,
  transfers: readonly [PlacedTransfer, ...PlacedTransfer[]],
  of: { digest: Digest; now: Instant },
): Seal {
  const [first] = transfers;
  const last = transfers.at(-1) ?? first;
  const previousHash = previous?.hash ?? GENESIS_HASH;
  return {
    number: (previous?.number ?? 0n) + 1n,
    firstPosition: first.position,
    lastPosition: last.position,
    transferCount: transfers.length,
    previousHash,
    hash: of.digest([previousHash, ...transfers.map(lineOf)].join('\n')),
    sealedAt: of.now,
  };
}

/** Everything that a transfer says, with the credit lots that it moved, in one line; JSON, so that no text can pretend to be the end of a field. */
export function lineOf(transfer: PlacedTransfer): string {
  const { position, id, kind, code, fromAccountId, toAccountId, amountMicros, holdId, reversalOf, reference } =
    transfer;
  return JSON.stringify([
    position.toString(),
    id,
    kind,
    code,
    fromAccountId,
    toAccountId,
    amountMicros.toString(),
    holdId ?? null,
    reversalOf ?? null,
    reference,
    transfer.createdAt,
    [...(transfer.lotParts ?? [])].sort(byLotId).map(({ lotId, amountMicros: part }) => [lotId, part.toString()]),
  ]);
}

/** By code units, which no locale or collation changes. */
function byLotId(a: LotPart, b: LotPart): number {
  return a.lotId < b.lotId ? -1 : Number(a.lotId > b.lotId);
}
