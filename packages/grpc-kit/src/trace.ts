import type { Metadata } from '@grpc/grpc-js';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api';

/**
 * Spans are made here by hand, and nowhere else: the generic gRPC instrumentation would double them and does not know
 * our refusals. Without an SDK all of this is a few no-op calls.
 */
const tracer = trace.getTracer('@suanli/grpc-kit');

const setter: TextMapSetter<Metadata> = { set: (metadata, key, value) => metadata.set(key, value) };
const getter: TextMapGetter<Metadata> = {
  get: (metadata, key) => metadata.get(key).map(String)[0],
  keys: (metadata) => Object.keys(metadata.getMap()),
};

export type CallSpan = {
  /** Runs `fn` with this span as the parent of whatever it starts. */
  within<T>(fn: () => T): T;
  /** Ends it with a status code and, when the call was refused, the reason. */
  end(code: number, reason?: string): void;
};

/** The span of a call that arrived, as a child of its caller's. */
export function serverSpan(path: string, metadata: Metadata): CallSpan {
  const parent = propagation.extract(ROOT_CONTEXT, metadata, getter);
  const span = tracer.startSpan(path.slice(1), { kind: SpanKind.SERVER, attributes: rpcAttributes(path) }, parent);
  return callSpan(span, trace.setSpan(parent, span));
}

/** The span of a call that leaves; writes `traceparent` into its metadata. */
export function clientSpan(path: string, metadata: Metadata): CallSpan {
  const parent = context.active();
  const span = tracer.startSpan(path.slice(1), { kind: SpanKind.CLIENT, attributes: rpcAttributes(path) }, parent);
  const own = trace.setSpan(parent, span);
  propagation.inject(own, metadata, setter);
  return callSpan(span, own);
}

function callSpan(span: Span, own: Context): CallSpan {
  return {
    within: (fn) => context.with(own, fn),
    end(code, reason) {
      span.setAttribute('rpc.grpc.status_code', code);
      if (reason !== undefined) span.setAttribute('suanli.reason', reason);
      if (code !== 0) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function rpcAttributes(path: string): Record<string, string> {
  const [service = '', method = ''] = path.slice(1).split('/');
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
}
