import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

describe('createMetrics', () => {
  it('renders counters, gauges read at the scrape, and calls by method and reason', async () => {
    const metrics = createMetrics('billing', { processMetrics: false });
    metrics.counter('suanli_holds_total', 'Holds placed', ['kind']).inc({ kind: 'job' });
    metrics.gaugeOf('suanli_outbox_unsent', 'Rows that wait', () => 7);
    metrics.observeGrpc({ method: '/a.B/C', code: 9, reason: 'INSUFFICIENT_FUNDS', durationMs: 3 });
    const { body, contentType } = await metrics.render();
    expect(contentType).toContain('text/plain');
    expect(body).toContain('suanli_holds_total{kind="job",service="billing"} 1');
    expect(body).toContain('suanli_outbox_unsent{service="billing"} 7');
    expect(body).toMatch(/suanli_grpc_server_seconds_count\{.*method="\/a\.B\/C".*reason="INSUFFICIENT_FUNDS".*\} 1/);
  });

  it('keeps two services in one process apart', async () => {
    const [a, b] = [createMetrics('a', { processMetrics: false }), createMetrics('b', { processMetrics: false })];
    a.counter('suanli_x_total', 'x').inc();
    b.counter('suanli_x_total', 'x').inc(2);
    expect((await a.render()).body).toContain('suanli_x_total{service="a"} 1');
    expect((await b.render()).body).toContain('suanli_x_total{service="b"} 2');
  });

  it('refuses a name outside the platform’s', () => {
    expect(() => createMetrics('a', { processMetrics: false }).counter('holds', 'x')).toThrow(/suanli_/);
  });
});
