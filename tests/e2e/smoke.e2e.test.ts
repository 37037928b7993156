import { runSmoke } from '@suanli/tools/smoke/run-smoke';
import { expect, it } from 'vitest';
import { openTenant } from '../support/tenants.ts';

const LIMIT_MS = 400_000;

it(
  'a stranger with a key recharges, trains, pays, downloads, writes with a hand in it and talks to a model',
  async () => {
    const { api } = await openTenant('stranger');
    const say = (message: string) => process.stderr.write(`${message}\n`);
    await expect(runSmoke(api.target, { step: say, warn: say })).resolves.toBeUndefined();
  },
  LIMIT_MS,
);
