import { describe, expect, it } from 'vitest';
import { aBody, aContext, counted, inferenceRig, MODEL, said } from '../../testing/inference-rig.ts';
import type { WireObject } from './ports.ts';
import { streamChat } from './stream-chat.ts';
import { UpstreamFailed } from './ports.ts';

type Rig = ReturnType<typeof inferenceRig>;

async function open(rig: Rig, over: Record<string, unknown> = {}): Promise<AsyncIterable<WireObject>> {
  const opened = await streamChat(rig.deps, aContext(), { body: aBody(over), usageId: 'inf_1', costKey: '' });
  if (opened.kind === 'refused') throw new Error(opened.reason);
  return opened.chunks;
}

async function readAll(chunks: AsyncIterable<WireObject>): Promise<WireObject[]> {
  const all: WireObject[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

describe('streamChat', () => {
  it('asks the upstream for usage and meters it, though the caller did not ask to see it', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('Hel'), said('lo'), counted(11, 2)];
    const chunks = await readAll(await open(rig));
    expect(rig.received).toMatchObject([{ stream: true, stream_options: { include_usage: true } }]);
    expect(chunks).toHaveLength(2);
    expect(chunks.every((chunk) => chunk['model'] === MODEL && !('usage' in chunk))).toBe(true);
    expect(rig.usages()).toMatchObject([{ usage: { inputTokens: 11, outputTokens: 2 } }]);
  });

  it('shows the usage to a caller who asked', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('Hi'), counted(11, 2)];
    const chunks = await readAll(await open(rig, { stream_options: { include_usage: true } }));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
  });

  it('meters also when the caller says include_usage: false', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('Hi'), counted(11, 2)];
    await readAll(await open(rig, { stream_options: { include_usage: false } }));
    expect(rig.usages()).toHaveLength(1);
  });

  it('charges what was produced when the upstream breaks off in the middle', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('12345678'), said('1234')];
    rig.script.thenFails = new UpstreamFailed('cut');
    await expect(readAll(await open(rig))).rejects.toThrow('cut');
    expect(rig.usages()).toMatchObject([{ usage: { inputTokens: 8, outputTokens: 3 } }]);
  });

  it('does not take a count that more text has followed for the whole', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('', { inputTokens: 8, outputTokens: 0 }), said('12345678')];
    rig.script.thenFails = new UpstreamFailed('cut');
    await expect(readAll(await open(rig))).rejects.toThrow('cut');
    expect(rig.usages()).toMatchObject([{ usage: { inputTokens: 8, outputTokens: 2 } }]);
  });

  it('charges a caller who leaves in the middle', async () => {
    const rig = inferenceRig();
    rig.script.parts = [said('12345678'), said('never read'), counted(9, 99)];
    for await (const chunk of await open(rig)) if (chunk) break;
    expect(rig.usages()).toMatchObject([{ usage: { inputTokens: 8, outputTokens: 2 } }]);
  });

  it('charges nothing when the upstream fails before its first word, and frees the money', async () => {
    const rig = inferenceRig();
    rig.script.parts = [];
    rig.script.thenFails = new UpstreamFailed('down');
    await expect(readAll(await open(rig))).rejects.toThrow('down');
    await rig.leases.close();
    expect(rig.usages()).toEqual([]);
    expect(rig.desk.closes).toHaveLength(1);
  });
});
