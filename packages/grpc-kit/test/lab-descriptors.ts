import { create, toBinary } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** What `buf build -o` would write for the lab: a public package, an internal one, and one that the public one imports. */
export function labDescriptorSet(): Uint8Array {
  const echo = { name: 'Echo', inputType: '.suanli.common.v1.Money', outputType: '.suanli.common.v1.Money' };
  const micros = {
    name: 'micros',
    number: 1,
    type: FieldDescriptorProto_Type.INT64,
    label: FieldDescriptorProto_Label.OPTIONAL,
  };
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, {
      file: [
        {
          name: 'suanli/common/v1/money.proto',
          package: 'suanli.common.v1',
          syntax: 'proto3',
          messageType: [{ name: 'Money', field: [micros] }],
        },
        {
          name: 'suanli/lab/v1/lab.proto',
          package: 'suanli.lab.v1',
          syntax: 'proto3',
          dependency: ['suanli/common/v1/money.proto'],
          service: [{ name: 'LabService', method: [echo] }],
        },
        {
          name: 'suanli/lab/internal/v1/inner.proto',
          package: 'suanli.lab.internal.v1',
          syntax: 'proto3',
          dependency: ['suanli/common/v1/money.proto'],
          service: [{ name: 'InnerService', method: [{ ...echo, name: 'WhoAmI' }] }],
        },
      ],
    }),
  );
}
