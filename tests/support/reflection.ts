import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type ChannelCredentials,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const NAME = 'grpc.reflection.v1.ServerReflection';
const DEADLINE_MS = 5_000;
const packageFile = createRequire(import.meta.url).resolve('@grpc/reflection/package.json');
const protoFile = join(dirname(packageFile), 'build/proto/grpc/reflection/v1/reflection.proto');

type Answer = {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: object;
  errorResponse?: { errorMessage: string };
};

/** Names of the services that a listener shows to whoever asks. */
export async function listServices(address: string): Promise<string[]> {
  const answer = await ask(address, { listServices: '' });
  return (answer.listServicesResponse?.service ?? []).map(({ name }) => name).sort();
}

/** Whether a listener tells what a symbol is. */
export async function knowsSymbol(address: string, symbol: string): Promise<boolean> {
  return (await ask(address, { fileContainingSymbol: symbol })).fileDescriptorResponse !== undefined;
}

/** Asks one question, as grpcurl does. Without a certificate unless told otherwise. */
async function ask(
  address: string,
  question: object,
  channel: ChannelCredentials = credentials.createInsecure(),
): Promise<Answer> {
  const loaded = loadPackageDefinition(loadSync(protoFile)) as unknown as {
    grpc: { reflection: { v1: { ServerReflection: ServiceClientConstructor } } };
  };
  const { ServerReflection } = loaded.grpc.reflection.v1;
  const method = ServerReflection.service['ServerReflectionInfo'];
  if (method === undefined) throw new Error(`${NAME} has no method`);
  const client = new ServerReflection(address, channel);
  try {
    const stream = client.makeBidiStreamRequest<object, Answer>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      new Metadata(),
      { deadline: Date.now() + DEADLINE_MS },
    );
    stream.write(question);
    stream.end();
    for await (const answer of stream as AsyncIterable<Answer>) return answer;
    throw new Error(`${address} answered nothing`);
  } finally {
    client.close();
  }
}
