import { type Clock, type Rng, seededRng, systemClock } from '@suanli/kernel';
import { randomInt } from 'node:crypto';
import { callStream } from './call-stream.ts';
import { callUnary, type ClientDeps } from './call-unary.ts';
import { type ChannelTarget, openChannel } from './channel.ts';
import type { ClientConstructor, GrpcClient, ServiceShape } from './client-types.ts';

export type GrpcClientOptions = ChannelTarget & {
  /** What a call gets that names no deadline of its own. */
  defaultDeadlineMs: number;
  clock?: Clock;
  rng?: Rng;
};

/**
 * A client of one service: `createGrpcClient(WalletServiceClient, { address, tls, peer: 'billing', defaultDeadlineMs })`.
 * Connects on its first call and again whenever the connection is lost; while the other side is away, calls fail at once
 * as `unavailable` unless they set `waitForReady`.
 */
export function createGrpcClient<Service extends ServiceShape>(
  client: ClientConstructor<Service>,
  options: GrpcClientOptions,
): GrpcClient<Service> {
  const { defaultDeadlineMs, clock = systemClock, rng = seededRng(randomInt(2 ** 32)) } = options;
  const channel = openChannel(options);
  const deps: ClientDeps = { channel, defaultDeadlineMs, clock, rng };

  const methods = Object.entries(client.service).map(([name, method]) => {
    const invoke = method.responseStream ? callStream : callUnary;
    return [name, (request: never, callOptions = {}) => invoke(deps, method, request, callOptions)] as const;
  });
  const dispose = async () => channel.close();
  // The definition is data, so the compiler cannot follow each entry from its flags to its signature; GrpcClient does.
  return { ...Object.fromEntries(methods), [Symbol.asyncDispose]: dispose } as unknown as GrpcClient<Service>;
}
