import { describe, expect, it } from 'vitest';
import { aBody, aContext, counted, inferenceRig, MODEL, said, whileTimePasses } from '../../testing/inference-rig.ts';
import { completeChat } from './complete-chat.ts';
import { UpstreamFailed } from './ports.ts';

type Rig = ReturnType<typeof inferenceRig>;
const complete = (rig: Rig, body = aBody(), usageId = 'inf_1') =>
  completeChat(rig.deps, aContext(), { body, usageId, costKey: 'step-1' });

describe('completeChat', () => {
  it('answers under the name that was asked for, and records what the upstream counted', async () => {
    const rig = inferenceRig();
    expect(await complete(rig)).toMatchObject({ kind: 'done', body: { model: MODEL } });
    expect(rig.received).toMatchObject([{ model: 'small-v1', max_tokens: 1_024 }]);
    expect(rig.usages()).toMatchObject([
      { usageId: 'inf_1', holdId: 'hld_1', costKey: 'step-1', usage: { inputTokens: 10, outputTokens: 5 } },
    ]);
  });

  it('counts by itself when the upstream does not', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('12345678')];
    await complete(rig);
    expect(rig.usages()[0]?.usage).toEqual({ inputTokens: 8, outputTokens: 2 });
  });

  it('passes unknown fields on', async () => {
    const rig = inferenceRig();
    await complete(rig, aBody({ vendor_switch: { deep: [1, null] }, seed: 7 }));
    expect(rig.received).toMatchObject([{ vendor_switch: { deep: [1, null] }, seed: 7 }]);
  });

  it.each([
    ['its own name', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
    ['the old name', { max_tokens: 9 }, { max_tokens: 9 }],
    ['one name of two', { max_completion_tokens: 9, max_tokens: 900 }, { max_completion_tokens: 9 }],
    ['what is reserved at most', { max_tokens: 9_000_000 }, { max_tokens: 131_072 }],
  ])('tells the upstream the output limit under %s', async (_story, given, sent) => {
    const rig = inferenceRig({ walletMicros: 10_000_000n });
    await complete(rig, aBody(given));
    const { max_tokens, max_completion_tokens } = rig.received[0] ?? aBody();
    expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens }))).toEqual(sent);
  });

  it('charges nothing for a failed upstream, and frees the money', async () => {
    const rig = inferenceRig();
    rig.script.thenFails = new UpstreamFailed('down');
    await expect(complete(rig)).rejects.toThrow('down');
    await rig.leases.close();
    expect(rig.usages()).toEqual([]);
    expect(rig.desk.closes).toEqual([{ holdId: 'hld_1', finalUsageId: '' }]);
  });

  it('reaches no upstream without money', async () => {
    const rig = inferenceRig({ walletMicros: 100n });
    expect(await complete(rig)).toMatchObject({ kind: 'refused', reason: 'insufficient_funds' });
    expect(rig.received).toEqual([]);
  });

  it('reserves for tools and schemas as for messages: they are input too', async () => {
    const rig = inferenceRig({ walletMicros: 50_000n });
    const tools = [{ type: 'function', function: { name: 'f', description: 'x'.repeat(60_000) } }];
    expect(await complete(rig, aBody({ tools }))).toMatchObject({ kind: 'refused', reason: 'insufficient_funds' });
  });

  it('does not reserve for the bytes of an image', async () => {
    const rig = inferenceRig({ walletMicros: 10_000n });
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }];
    expect(await complete(rig, aBody({ messages }))).toMatchObject({ kind: 'done' });
  });

  it.each([
    ['an unknown model', { find: () => undefined }, 'model_not_found'],
    ['a model before the routes are known', { isLoaded: () => false }, 'routes_not_loaded'],
  ])('refuses %s', async (_story, routes, reason) => {
    const rig = inferenceRig();
    Object.assign(rig.deps.routes, routes);
    expect(await complete(rig)).toEqual({ kind: 'refused', reason });
  });

  it.each([
    [true, 'price_not_found'],
    [false, 'model_not_found'],
  ])('sells nothing without a price (listed: %s)', async (isListed, reason) => {
    const rig = inferenceRig();
    const [route] = rig.deps.routes.list();
    Object.assign(rig.deps.routes, { find: () => ({ ...route, isListed }) });
    Object.assign(rig.deps.prices, { priceOf: async () => undefined });
    expect(await complete(rig)).toEqual({ kind: 'refused', reason });
    expect(rig.received).toEqual([]);
  });

  it('records the usage once over an outage of the database, also when the commit was only lost on the way', async () => {
    const rig = inferenceRig();
    rig.memory.outages.push('away', 'away', 'commit-lost', 'away');
    expect(await whileTimePasses(rig.clock, complete(rig))).toMatchObject({ kind: 'done' });
    expect(rig.usages()).toHaveLength(1);
    expect(rig.memory.begun()).toBe(2);
  });

  it('gives up on a long outage, and keeps what may have been used from being spent again', async () => {
    const rig = inferenceRig({ walletMicros: 1_200n });
    rig.script.parts = [said('x', { inputTokens: 100, outputTokens: 500 })];
    const body = aBody({ max_tokens: 500 });
    rig.memory.outages.push('commit-lost', ...Array.from({ length: 40 }, () => 'away' as const));
    await expect(whileTimePasses(rig.clock, complete(rig, body))).rejects.toThrow('away');
    rig.memory.outages.length = 0;
    expect(await complete(rig, body, 'inf_2')).toMatchObject({ kind: 'refused', reason: 'insufficient_funds' });
  });

  it('takes a usage that only the last part carries', async () => {
    const rig = inferenceRig();
    rig.script.parts = [counted(3, 4)];
    await complete(rig);
    expect(rig.usages()[0]?.usage).toEqual({ inputTokens: 3, outputTokens: 4 });
  });
});
