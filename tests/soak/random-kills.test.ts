import type { Rng } from '@suanli/kernel';
import { eventually } from '@suanli/test-kit';
import type { Wallet } from '@suanli/tools/smoke/rest/views';
import { expect, it } from 'vitest';
import { verifyLedger } from '../support/ledger.ts';
import { isReplaced, kill, untilAllReady, VICTIMS } from '../support/platform.ts';
import { openTenant, YUAN } from '../support/tenants.ts';
import { expectDoneOnce, givenBack, submitTicking, type Submitted } from '../support/ticking-jobs.ts';
import { expectWrittenOnce, startWriting } from '../support/writing-runs.ts';
import { pick, seed, soakRng, soakSeconds } from './chance.ts';

/** After the last kill everything that was begun must come to its end. */
const CALM_MS = 600_000;
const PATIENCE_MS = 120_000;
const LONGEST_PAUSE_MS = 4_000;
const MAX_TICKS = 30;
/** Each is watched by a stream, and a key may have only so many. */
const MAX_IN_FLIGHT = 20;

it(`random kills for ${soakSeconds} s lose nothing and charge nothing twice (SEED=${seed})`, async () => {
  process.stderr.write(`SEED=${seed} SOAK_SECONDS=${soakSeconds}\n`);
  const rng = soakRng();
  const { api } = await openTenant(`soak-${seed}`, 10_000n * YUAN, PATIENCE_MS);
  const signal = AbortSignal.timeout(soakSeconds * 1_000 + CALM_MS);
  const endsAt = performance.now() + soakSeconds * 1_000;
  const jobs: Submitted[] = [];
  const inFlight = new Set<Submitted>();
  const runs: string[] = [];
  let kills = 0;
  for (let round = 1; performance.now() < endsAt; round++) {
    while (inFlight.size > MAX_IN_FLIGHT) await Promise.race([...inFlight].map((job) => job.ended));
    for (const job of await submitSome(rng, round, signal)) {
      jobs.push(job);
      inFlight.add(job);
      void job.ended.finally(() => inFlight.delete(job)).catch(() => {}); // Told by whoever awaits it.
    }
    runs.push(await startWriting(api));
    kills += await killSome(rng);
    await pause(rng.next() * LONGEST_PAUSE_MS);
  }
  await untilAllReady();
  process.stderr.write(`${kills} kills, ${jobs.length} jobs, ${runs.length} workflow runs\n`);
  const total = (await expectDoneOnce(api, jobs)) + (await expectWrittenOnce(api, runs));
  await eventually(
    async () => {
      const { posted_micros: posted } = await api.get<Wallet>('/v1/wallet');
      expect(10_000n * YUAN - BigInt(posted)).toBe(total - (await givenBack(api)));
    },
    { timeoutMs: PATIENCE_MS },
  );
  expect(await verifyLedger()).toMatchObject({ driftMicros: '0', broken: {} });

  async function submitSome(chance: Rng, round: number, until: AbortSignal): Promise<Submitted[]> {
    const count = 1 + Math.floor(chance.next() * 4);
    const ticks = Array.from({ length: count }, () => 1 + Math.floor(chance.next() * MAX_TICKS));
    return Promise.all(ticks.map((each, i) => submitTicking(api, `soak-${round}-${i + 1}`, each, until)));
  }
});

/** One or two at once; the next round does not wait until all is well again. Returns how many died. */
async function killSome(rng: Rng): Promise<number> {
  const first = pick(rng, VICTIMS);
  const victims = new Set([first, rng.next() < 0.3 ? pick(rng, VICTIMS) : first]);
  await Promise.all([...victims].map(async (victim) => isReplaced(victim, await kill(victim))));
  return victims.size;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
