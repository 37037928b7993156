import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { fieldsOf } from '../error-details.ts';

/** `descriptorSet` is what `buf build -o` writes; of it only `packages` and what they import are shown. */
export type ReflectionOptions = { descriptorSet: Uint8Array; packages: readonly string[] };

type File = { name: string; packageName: string; imports: string[]; bytes: Uint8Array };

/**
 * Reflection (v1 and v1alpha) of some packages. The set is cut down *before* it is served: hiding services from the
 * list alone would still answer questions about symbols of internal packages.
 */
export function createReflection(options: ReflectionOptions): ReflectionService {
  const files = readFiles(options.descriptorSet);
  const shown = withImports(files, (file) => options.packages.includes(file.packageName));
  const services = shown
    .filter((file) => options.packages.includes(file.packageName))
    .flatMap((file) => serviceNames(file));
  const definition = loadFileDescriptorSetFromBuffer(encodeSet(shown), { keepCase: true });
  return new ReflectionService(definition, { services });
}

function readFiles(descriptorSet: Uint8Array): File[] {
  return fieldsOf(descriptorSet, 1).map((bytes) => ({
    name: firstText(bytes, 1),
    packageName: firstText(bytes, 2),
    imports: fieldsOf(bytes, 3).map(decode),
    bytes,
  }));
}

function withImports(files: readonly File[], isWanted: (file: File) => boolean): File[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const taken = new Set<File>();
  const take = (file: File | undefined) => {
    if (!file || taken.has(file)) return;
    taken.add(file);
    for (const name of file.imports) take(byName.get(name));
  };
  for (const file of files) if (isWanted(file)) take(file);
  return files.filter((file) => taken.has(file)); // Keeps imports before their users, as the format demands.
}

function serviceNames(file: File): string[] {
  return fieldsOf(file.bytes, 6).map((service) => `${file.packageName}.${firstText(service, 1)}`);
}

function encodeSet(files: readonly File[]): Buffer {
  const writer = new BinaryWriter();
  for (const file of files) writer.tag(1, WireType.LengthDelimited).bytes(file.bytes);
  return Buffer.from(writer.finish());
}

function firstText(message: Uint8Array, fieldNo: number): string {
  const first = fieldsOf(message, fieldNo)[0];
  return first ? decode(first) : '';
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
