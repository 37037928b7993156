import { invariant } from '@suanli/kernel';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Latencies from a cache hit to a long query, seconds. */
export const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Names are `suanli_<thing>_<unit>`; labels are few and of bounded values, never ids. */
export type Metrics = {
  counter<Label extends string>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  /** A gauge that is read when it is scraped. */
  gaugeOf(name: string, help: string, read: () => number | Promise<number>): void;
  /** Durations in seconds unless other buckets are given. */
  histogram<Label extends string>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: readonly number[],
  ): Histogram<Label>;
  /** For `createGrpcServer({ observe })`. */
  observeGrpc: (call: { method: string; code: number; reason: string; durationMs: number }) => void;
  render: () => Promise<{ contentType: string; body: string }>;
};

/** A registry of its own per service, so that several services can live in one test process. */
export function createMetrics(service: string, options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const base = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) => {
    invariant(name.startsWith('suanli_'), `the metric ${name} must start with suanli_`);
    return { name, help, labelNames, registers };
  };
  const grpcCalls = new Histogram({
    ...base('suanli_grpc_server_seconds', 'gRPC calls by method, status code and reason', ['method', 'code', 'reason']),
    buckets: LATENCY_BUCKETS_S,
  });

  return {
    counter: (name, help, labels) => new Counter(base(name, help, labels)),
    gauge: (name, help, labels) => new Gauge(base(name, help, labels)),
    gaugeOf(name, help, read) {
      const gauge: Gauge = new Gauge({ ...base(name, help), collect: async () => gauge.set(await read()) });
    },
    histogram: (name, help, labels, buckets = LATENCY_BUCKETS_S) =>
      new Histogram({ ...base(name, help, labels), buckets: [...buckets] }),
    observeGrpc: ({ method, code, reason, durationMs }) =>
      grpcCalls.observe({ method, code: String(code), reason }, durationMs / 1000),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
