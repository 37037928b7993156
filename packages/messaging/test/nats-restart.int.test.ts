import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats } from '@suanli/local-servers';
import { BusUnavailable, connectBus } from '@suanli/messaging';
import { outbox } from '@suanli/postgres';
import { eventually, silentLogger } from '@suanli/test-kit';
import { isNull } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { countAndFinish, createRig, SUBJECT } from './rig.ts';

describe('a NATS server that is killed and comes back', () => {
  it.each([
    ['with its data', false],
    ['empty', true],
  ])(
    '%s: facts wait in the outbox, and every effect happens once',
    async (_case, comesBackEmpty) => {
      const dir = await mkdtemp(join(tmpdir(), 'nats-restart-'));
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => rm(dir, { recursive: true }));
      const options = { dir: join(dir, 'old'), sources: ['machine', 'package'] as const };
      const first = await startNats(options);
      await using rig = await createRig();
      await using bus = await connectBus({ url: first.url, name: 'restart' }, silentLogger);
      await using _responder = bus.respond('who', { queue: 'q' }, async () => new Uint8Array([1]));
      rig.startRelay({ bus });
      rig.startConsumer(countAndFinish, { bus });
      await rig.append('before');
      await eventually(async () => expect(await rig.effects()).toEqual({ before: 1 }));

      await first.kill('SIGKILL');
      await eventually(() => expect(bus.isConnected()).toBe(false));
      await expect(bus.publish(SUBJECT, new Uint8Array(), {}, { msgId: 'x' })).rejects.toBeInstanceOf(BusUnavailable);
      await rig.append('meanwhile');
      const unsent = await rig.db.select({ id: outbox.id }).from(outbox).where(isNull(outbox.sentAt));
      expect(unsent).toEqual([{ id: 'meanwhile' }]);

      const { port, password } = new URL(first.url);
      const elsewhere = { ...options, dir: join(dir, 'new'), port: Number(port), password };
      await using second = await startNats(comesBackEmpty ? elsewhere : options);
      expect(second.url).toBe(first.url);
      await eventually(() => expect(bus.isConnected()).toBe(true), { timeoutMs: 20_000 });
      await rig.append('after');
      await eventually(async () => expect(await rig.effects()).toEqual({ after: 1, before: 1, meanwhile: 1 }), {
        timeoutMs: 20_000,
      });
      const reply = await bus.request('who', new Uint8Array(), { timeoutMs: 2_000 });
      expect([...reply]).toEqual([1]);
    },
    60_000,
  );
});
