import { describe, expect, it } from 'vitest';
import { aBody, aContext, inferenceRig, said } from '../../testing/inference-rig.ts';
import { answerForService } from './answer-for-service.ts';
import { UpstreamFailed } from './ports.ts';

type Rig = ReturnType<typeof inferenceRig>;
const answer = (rig: Rig, body = aBody()) => answerForService(rig.deps, aContext(), { body, costKey: 'step-1' });

describe('answerForService', () => {
  it('gives one answer and makes one usage for one request id', async () => {
    const rig = inferenceRig();
    const first = await answer(rig);
    rig.script.parts = [said('Something else.')];
    expect(await answer(rig)).toEqual(first);
    expect(first).toMatchObject({ answer: { content: 'Hello.', finishReason: 'stop', inputTokens: 10 } });
    expect(rig.received).toHaveLength(1);
    expect(rig.usages()).toHaveLength(1);
  });

  it('refuses another body under the same request id', async () => {
    const rig = inferenceRig();
    await answer(rig);
    expect(await answer(rig, aBody({ temperature: 1 }))).toEqual({ kind: 'refused', reason: 'request_id_reused' });
  });

  it('gives the same answer to two at once, and keeps no money for the second', async () => {
    const rig = inferenceRig({ walletMicros: 1_000_000n });
    const [one, other] = await Promise.all([answer(rig), answer(rig)]);
    expect(one).toEqual(other);
    expect(rig.usages()).toHaveLength(1);
    await rig.leases.close();
    expect(rig.desk.closes).toHaveLength(1);
  });

  it('is free to be tried again after the upstream failed', async () => {
    const rig = inferenceRig();
    rig.script.thenFails = new UpstreamFailed('down');
    await expect(answer(rig)).rejects.toThrow('down');
    delete rig.script.thenFails;
    expect(await answer(rig)).toMatchObject({ kind: 'done' });
    expect(rig.usages()).toHaveLength(1);
  });

  it('says only what the model said, but counts its tool calls', async () => {
    const rig = inferenceRig();
    const message = { content: null, tool_calls: [{ function: { name: 'f', arguments: '{"a":1}' } }] };
    const body = { choices: [{ message, finish_reason: 'tool_calls' }] };
    rig.script.parts = [{ body, text: 'f{"a":1}', usage: undefined }];
    const outcome = await answer(rig);
    expect(outcome).toMatchObject({ answer: { content: '', finishReason: 'tool_calls', outputTokens: 2 } });
  });
});
