import { type Context, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { BusHeaders } from './bus.ts';

const tracer = trace.getTracer('@suanli/messaging');

/** Runs `work` in a span whose parent is the trace in `headers`, or the active one; `work` gets headers that carry it on. */
export async function sending<T>(
  name: string,
  kind: SpanKind.PRODUCER | SpanKind.CLIENT,
  headers: BusHeaders,
  work: (headers: BusHeaders) => Promise<T>,
): Promise<T> {
  const parent = propagation.extract(context.active(), headers);
  return inSpan(name, kind, parent, (current) => {
    const carried: Record<string, string> = { ...headers };
    propagation.inject(current, carried);
    return work(carried);
  });
}

/** Runs `work` in a span under the trace that came with a message. */
export async function receiving<T>(
  name: string,
  kind: SpanKind.CONSUMER | SpanKind.SERVER,
  headers: BusHeaders,
  work: () => Promise<T>,
): Promise<T> {
  return inSpan(name, kind, propagation.extract(context.active(), headers), work);
}

async function inSpan<T>(
  name: string,
  kind: SpanKind,
  parent: Context,
  work: (current: Context) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, { kind, attributes: { 'messaging.system': 'nats' } }, parent);
  const current = trace.setSpan(parent, span);
  try {
    return await context.with(current, () => work(current));
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function recordFailure(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
