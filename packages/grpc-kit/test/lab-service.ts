import { type handleServerStreamingCall, type handleUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';

/** A tiny service as ts-proto would generate it, with JSON for bytes: no generated code is needed to test the transport. */
export type EchoRequest = { text: string };
export type EchoResponse = { text: string };
export type CountRequest = { upTo: number; paddingChars: number };
export type CountResponse = { value: number; padding: string };

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = <T>(bytes: Buffer): T => JSON.parse(bytes.toString('utf8')) as T;

const echoMethod = <const Path extends string>(path: Path) =>
  ({
    path,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (value: EchoRequest): Buffer => encode(value),
    requestDeserialize: (bytes: Buffer): EchoRequest => decode(bytes),
    responseSerialize: (value: EchoResponse): Buffer => encode(value),
    responseDeserialize: (bytes: Buffer): EchoResponse => decode(bytes),
  }) as const;

export const LabServiceService = {
  echo: echoMethod('/suanli.lab.v1.LabService/Echo'),
  count: {
    path: '/suanli.lab.v1.LabService/Count',
    requestStream: false as const,
    responseStream: true as const,
    requestSerialize: (value: CountRequest): Buffer => encode(value),
    requestDeserialize: (bytes: Buffer): CountRequest => decode(bytes),
    responseSerialize: (value: CountResponse): Buffer => encode(value),
    responseDeserialize: (bytes: Buffer): CountResponse => decode(bytes),
  },
} as const;

export interface LabServiceServer extends UntypedServiceImplementation {
  echo: handleUnaryCall<EchoRequest, EchoResponse>;
  count: handleServerStreamingCall<CountRequest, CountResponse>;
}

/** Of a generated client class only the definition is used. */
export const LabServiceClient = { service: LabServiceService, serviceName: 'suanli.lab.v1.LabService' };

export const InnerServiceService = { whoAmI: echoMethod('/suanli.lab.internal.v1.InnerService/WhoAmI') } as const;
export interface InnerServiceServer extends UntypedServiceImplementation {
  whoAmI: handleUnaryCall<EchoRequest, EchoResponse>;
}
export const InnerServiceClient = {
  service: InnerServiceService,
  serviceName: 'suanli.lab.internal.v1.InnerService',
};
