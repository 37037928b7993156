import { systemIds, type Rng } from '@suanli/kernel';
import type { TransferCommand, TransferResult } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import type { BillingAlone } from './billing-alone.ts';

const BATCH = 100;
const CONNECTIONS = 4;
const FUNDS_MICROS = 1_000_000_000_000n;
const HOT_FUNDS_MICROS = 500_000_000_000_000n;
const AMOUNT_MICROS = 7n;
const TIMEOUT_MS = 600_000n;
const CLEARING = 'platform:clearing:bench';

type Action = NonNullable<TransferCommand['action']>;

/** Opens wallets and pays money into them through the door that is measured. */
export async function fundWallets(billing: BillingAlone, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `wal_bench_${i}`);
  await billing.sql.query(
    `insert into accounts (id, kind, currency, created_at) values ($1, 'clearing', 'CNY', now()) on conflict do nothing`,
    [CLEARING],
  );
  await billing.sql.query(
    `insert into accounts (id, kind, currency, created_at) select id, 'wallet', 'CNY', now() from unnest($1::text[]) id`,
    [ids],
  );
  await billing.sql.query(
    `insert into wallets (id, account_id, currency, created_at)
     select id, 'acc_of_' || id, 'CNY', now() from unnest($1::text[]) id`,
    [ids],
  );
  const client = billing.connect();
  for (let from = 0; from < ids.length; from += BATCH) {
    const commands = ids.slice(from, from + BATCH).map((id, i) =>
      order({
        $case: 'post',
        value: {
          fromAccountId: CLEARING,
          toAccountId: id,
          amountMicros: from + i === 0 ? HOT_FUNDS_MICROS : FUNDS_MICROS,
        },
      }),
    );
    expectDone((await client.submitTransfers({ commands })).results);
  }
  return ids;
}

/** The four kinds of load; each call answers how many transfers, or pairs, it did. */
export function createTransferLoads(options: {
  billing: BillingAlone;
  walletIds: readonly string[];
  callers: number;
  rng: Rng;
}) {
  const { billing, walletIds, callers, rng } = options;
  const clients = Array.from({ length: CONNECTIONS }, () => billing.connect());
  const clientOf = (caller: number) => {
    const client = clients[caller % CONNECTIONS];
    if (client === undefined) throw new Error('unreachable');
    return client;
  };
  const [hotId = ''] = walletIds;
  const anyWallet = () => walletIds[1 + Math.floor(rng.next() * (walletIds.length - 1))] ?? '';
  const between = (fromAccountId: string, toAccountId: string): TransferCommand =>
    order({ $case: 'post', value: { fromAccountId, toAccountId, amountMicros: AMOUNT_MICROS } });
  const randomPair = (): TransferCommand => {
    const from = anyWallet();
    let to = anyWallet();
    while (to === from) to = anyWallet();
    return between(from, to);
  };
  const submit = async (caller: number, commands: TransferCommand[]) => {
    const { results } = await clientOf(caller).submitTransfers({ commands });
    expectDone(results);
    return results.length;
  };
  /** What each caller has reserved and not captured yet. */
  const reserved = Array.from({ length: callers }, (): string[] => []);
  return {
    async unary(caller: number) {
      const { existed } = await clientOf(caller).submitTransfer({ command: randomPair() });
      if (existed) throw new Error('an id was used twice');
      return 1;
    },
    random: (caller: number) =>
      submit(
        caller,
        Array.from({ length: BATCH }, () => randomPair()),
      ),
    hot: (caller: number) =>
      submit(
        caller,
        Array.from({ length: BATCH }, (_, i) =>
          i % 2 === 0 ? between(anyWallet(), hotId) : between(hotId, anyWallet()),
        ),
      ),
    /** A call of reserves, then a call of their captures; a pair counts when it is captured. */
    async holdCapture(caller: number) {
      const waiting = reserved[caller]?.splice(0) ?? [];
      if (waiting.length > 0) {
        const capture = (pendingId: string) =>
          order({ $case: 'postPending', value: { pendingId, amountMicros: AMOUNT_MICROS } });
        return submit(caller, waiting.map(capture));
      }
      const reserves = Array.from({ length: BATCH }, () =>
        order({
          $case: 'pending',
          value: { fromAccountId: anyWallet(), amountMicros: AMOUNT_MICROS, timeoutMs: TIMEOUT_MS },
        }),
      );
      await submit(caller, reserves);
      reserved[caller]?.push(...reserves.map((command) => command.transferId));
      return 0;
    },
  };
}

function order(action: Action): TransferCommand {
  return { transferId: systemIds.next('trf'), currency: 'CNY', reference: 'bench', action };
}

function expectDone(results: readonly TransferResult[]): void {
  for (const { outcome } of results) {
    if (outcome?.$case !== 'created') throw new Error(`a transfer was not made: ${JSON.stringify(outcome?.value)}`);
  }
}
