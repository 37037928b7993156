import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { IdSource, Logger } from '@suanli/kernel';
import { MAX_STREAMS_IN_FLIGHT, MAX_UNARY_IN_FLIGHT } from '../limits.ts';
import type { OpenCall } from './open-call.ts';

/** One finished call, for metrics. `method` is `/suanli.billing.v1.WalletService/GetWallet`, `reason` '' when OK. */
export type CallObservation = { method: string; code: number; reason: string; durationMs: number };

/** What a server lends to its handlers. */
export type ServerRuntime = {
  logger: Logger;
  ids: IdSource;
  observe: (call: CallObservation) => void;
  unary: Slots;
  streams: Slots;
};

/** Calls in flight of one kind, bounded. A call keeps its slot until its handler has really ended. */
export type Slots = {
  /** False when all are taken. */
  take(call: Endable): boolean;
  give(call: Endable): void;
  /** Ends every call that still runs. */
  endAll(): void;
};

export type Endable = Pick<OpenCall, 'end'>;

export function createSlots(max: number): Slots {
  const open = new Set<Endable>();
  return {
    take(call) {
      if (open.size >= max) return false;
      open.add(call);
      return true;
    },
    give: (call) => void open.delete(call),
    endAll() {
      for (const call of open) call.end('shutdown');
    },
  };
}

export const unarySlots = (): Slots => createSlots(MAX_UNARY_IN_FLIGHT);
export const streamSlots = (): Slots => createSlots(MAX_STREAMS_IN_FLIGHT);

/** What makes a function one of our handlers: who may call it, and how to bind it to a server. */
export const SERVE = Symbol('suanli.grpc.serve');
export type Servable = {
  readonly [SERVE]: { kind: 'public' | 'internal'; bind: (runtime: ServerRuntime) => UntypedHandleCall };
};

export function isServable(handler: unknown): handler is Servable {
  return typeof handler === 'function' && SERVE in handler;
}
