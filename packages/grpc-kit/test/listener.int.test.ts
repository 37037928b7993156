import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createGrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { eventually } from '@suanli/test-kit';
import { protoPath as healthProto } from 'grpc-health-check';
import { describe, expect, it } from 'vitest';
import { labDescriptorSet } from './lab-descriptors.ts';
import { LabServiceClient } from './lab-service.ts';
import { CALL_MS, collect, failureOf, gate, startLab } from './lab.ts';

const require = createRequire(import.meta.url);
const reflectionDir = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build/proto/grpc/reflection');

function rawClient(protoFile: string, service: string, address: string) {
  const loaded = loadPackageDefinition(loadSync(protoFile, { defaults: false, enums: String }));
  const found = service
    .split('.')
    .reduce<GrpcObject | ServiceClientConstructor>((at, name) => (at as GrpcObject)[name] as GrpcObject, loaded);
  return new (found as unknown as ServiceClientConstructor)(address, credentials.createInsecure());
}

async function askHealth(address: string, service: string): Promise<string> {
  const client = rawClient(healthProto, 'grpc.health.v1.Health', address);
  const check = client['check'] as unknown as (
    request: object,
    done: (error: Error | null, answer?: { status: string }) => void,
  ) => void;
  return await new Promise<string>((resolve) => {
    check.call(client, { service }, (error, answer) => resolve(error ? error.message : (answer?.status ?? '')));
  }).finally(() => client.close());
}

/** Asks one question and returns the answer's JSON. */
async function askReflection(address: string, version: string, question: object): Promise<string> {
  const client = rawClient(
    join(reflectionDir, version, 'reflection.proto'),
    `grpc.reflection.${version}.ServerReflection`,
    address,
  );
  const stream = client.makeBidiStreamRequest<object, object>(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (client.constructor as unknown as ServiceClientConstructor).service['ServerReflectionInfo']!.requestSerialize,
    (client.constructor as unknown as ServiceClientConstructor).service['ServerReflectionInfo']!.responseDeserialize,
    new Metadata(),
  );
  stream.write(question);
  stream.end();
  const answers = await collect(stream as AsyncIterable<object>);
  client.close();
  return JSON.stringify(answers);
}

describe('a listener', () => {
  it('tells the health of all and of each service, and NOT_SERVING when told so', async () => {
    await using lab = await startLab({});
    expect(await askHealth(lab.address, '')).toBe('SERVING');
    expect(await askHealth(lab.address, 'suanli.lab.v1.LabService')).toBe('SERVING');
    lab.server.setServing(false, 'suanli.lab.v1.LabService');
    expect(await askHealth(lab.address, 'suanli.lab.v1.LabService')).toBe('NOT_SERVING');
    expect(await askHealth(lab.address, '')).toBe('SERVING');
    expect(await askHealth(lab.address, 'suanli.other.v1.Service')).toMatch(/NOT_FOUND/);
  });

  it.each(['v1', 'v1alpha'])(
    'reflects (%s) the public packages and what they import, nothing else',
    async (version) => {
      await using lab = await startLab(
        {},
        { reflection: { descriptorSet: labDescriptorSet(), packages: ['suanli.lab.v1'] } },
      );
      const listed = await askReflection(lab.address, version, { listServices: '' });
      expect(listed).toContain('suanli.lab.v1.LabService');
      expect(listed).not.toContain('internal');
      const shown = (symbol: string) => askReflection(lab.address, version, { fileContainingSymbol: symbol });
      expect(await shown('suanli.lab.v1.LabService')).toContain('fileDescriptorResponse');
      expect(await shown('suanli.common.v1.Money')).toContain('fileDescriptorResponse');
      expect(await shown('suanli.lab.internal.v1.InnerService')).toContain('errorResponse');
    },
  );

  it('finishes the calls in flight when it stops, and takes no new ones', async () => {
    const [reached, release] = [gate(), gate()];
    const lab = await startLab({
      echo: async (_ctx, { text }) => {
        reached.resolve();
        await release.promise;
        return { text };
      },
    });
    const inFlight = lab.client.echo({ text: 'kept' });
    await reached.promise;
    const stopped = lab.server[Symbol.asyncDispose]();
    await using late = createGrpcClient(LabServiceClient, { address: lab.address, defaultDeadlineMs: CALL_MS });
    await eventually(async () =>
      expect(readGrpcError(await failureOf(late.echo({ text: '' }))).kind).toBe('unavailable'),
    );
    release.resolve();
    expect(await inFlight).toEqual({ text: 'kept' });
    await stopped;
    await lab[Symbol.asyncDispose]();
  });

  it('tells streams to end when it stops, so that their clients go to another replica', async () => {
    const reached = gate();
    const lab = await startLab({
      count: async function* (ctx) {
        yield { value: 1, padding: '' };
        reached.resolve();
        await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
      },
    });
    const reading = failureOf(collect(lab.client.count({ upTo: 0, paddingChars: 0 })));
    await reached.promise;
    await lab.server[Symbol.asyncDispose]();
    expect(readGrpcError(await reading)).toMatchObject({ kind: 'unavailable', reason: 'SHUTTING_DOWN' });
    await lab[Symbol.asyncDispose]();
  });

  it('is not held up at its stop by a client that watches its health', async () => {
    const lab = await startLab({});
    const client = rawClient(healthProto, 'grpc.health.v1.Health', lab.address);
    const watch = client['watch'] as unknown as (request: object) => AsyncIterable<{ status: string }>;
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { status } of watch.call(client, { service: '' })) seen.push(status);
    })();
    await eventually(() => expect(seen).toEqual(['SERVING']));
    const startedMs = performance.now();
    await lab[Symbol.asyncDispose]();
    await watching;
    expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    client.close();
  });
});
