import { FastifyOtelInstrumentation } from '@fastify/otel';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { basename, dirname } from 'node:path';
import { SPAN_QUEUE_SIZE } from '../limits.ts';
import { keepProvider } from './provider.ts';

const OPS_PATHS = /^\/(healthz|readyz|metrics)\b/;

/**
 * The smallest SDK that traces HTTP, Fastify, PostgreSQL and Redis; gRPC, NATS and queue jobs are traced by our packages,
 * so their generic instrumentations stay out. OTEL_TRACES_SAMPLER_ARG is the share of new traces kept, 0 to 1.
 */
export function startTelemetry(variables: NodeJS.ProcessEnv): void {
  const exporter = new OTLPTraceExporter(); // Reads OTEL_EXPORTER_OTLP_* by itself.
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': variables['OTEL_SERVICE_NAME'] ?? nameFromEntryPoint() }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare(variables)) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: SPAN_QUEUE_SIZE })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  registerInstrumentations({
    tracerProvider: provider,
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => OPS_PATHS.test(request.url ?? '') }),
      new FastifyOtelInstrumentation({ registerOnInitialization: true }),
      new PgInstrumentation({ requireParentSpan: true }),
      new IORedisInstrumentation({ requireParentSpan: true }),
    ],
  });
  keepProvider(provider);
}

function sampledShare(variables: NodeJS.ProcessEnv): number {
  const share = Number(variables['OTEL_TRACES_SAMPLER_ARG'] ?? 1);
  return share >= 0 && share <= 1 ? share : 1;
}

/** `services/billing/src/main.ts` → `billing`. */
function nameFromEntryPoint(): string {
  return basename(dirname(dirname(process.argv[1] ?? 'suanli/src/main.ts')));
}
