import { runSmoke } from '@suanli/tools/smoke/run-smoke';
import { expect, it } from 'vitest';
import { verifyLedger } from '../support/ledger.ts';
import { isReplaced, kill, untilAllReady, type Victim, VICTIMS } from '../support/platform.ts';
import { openTenant } from '../support/tenants.ts';
import { pick, seed, soakRng, soakSeconds } from './chance.ts';

/** The smoke takes some twenty seconds: somewhere in the first fifteen of them. */
const LATEST_KILL_MS = 15_000;
const SMOKE_SECONDS = 20;
const rng = soakRng();

it.each(chosenVictims().map((victim) => [victim, Math.round(rng.next() * LATEST_KILL_MS)] as const))(
  `kill -9 of %s, %i ms after its start, does not keep the smoke from passing (SEED=${seed})`,
  async (victim, afterMs) => {
    const { api } = await openTenant(`fire-${victim}`);
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const smoke = runSmoke(api.target, { step: say, warn: say }).then(
      () => 'passed',
      (error: Error) => `${said.at(-1)}\n${error.message}`,
    );
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await isReplaced(victim, await kill(victim));
    expect(await smoke).toBe('passed');
    await untilAllReady();
    expect(await verifyLedger()).toMatchObject({ driftMicros: '0', broken: {} });
  },
);

/** As many as there is time for: a short soak tries some, a long one all. */
function chosenVictims(): Victim[] {
  const left: Victim[] = [...VICTIMS];
  const chosen: Victim[] = [];
  while (left.length > 0 && chosen.length * SMOKE_SECONDS < soakSeconds) {
    const victim = pick(rng, left);
    left.splice(left.indexOf(victim), 1);
    chosen.push(victim);
  }
  return chosen;
}
