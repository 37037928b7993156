import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('fixtures/traced-main.ts', import.meta.url));
const otel = fileURLToPath(new URL('../src/otel.ts', import.meta.url));

type Span = { name: string; kind: number; traceId: string; spanId: string; parentSpanId?: string };
type Export = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
const [SERVER, CLIENT] = [2, 3];

async function startCollector() {
  const spans: Span[] = [];
  const collect = async (request: IncomingMessage) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { resourceSpans } = JSON.parse(body) as Export;
    spans.push(...resourceSpans.flatMap((resource) => resource.scopeSpans).flatMap((scope) => scope.spans));
  };
  const server = createServer((request, response) => {
    void collect(request).then(() => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { spans, endpoint, [Symbol.asyncDispose]: stop };
}

describe('the tracing preload', () => {
  it('sends one trace from HTTP through gRPC, each call once, and the last spans before the exit', async () => {
    await using collector = await startCollector();
    const child = spawn(process.execPath, ['--import', otel, main], {
      env: { PATH: process.env['PATH'], OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => output.includes('"started"'));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);

    const echo = collector.spans.filter((span) => span.name === 'suanli.lab.v1.LabService/Echo');
    const [outer] = collector.spans.filter((span) => span.kind === SERVER && span.name.startsWith('GET'));
    const [called] = echo.filter((span) => span.kind === CLIENT);
    const [served] = echo.filter((span) => span.kind === SERVER);
    expect(echo).toHaveLength(2);
    expect(called?.parentSpanId).toBe(outer?.spanId);
    expect(served?.parentSpanId).toBe(called?.spanId);
    expect(new Set([outer?.traceId, called?.traceId, served?.traceId]).size).toBe(1);

    const line = output.split('\n').find((text) => text.includes('inside the call'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ traceId: served?.traceId, spanId: served?.spanId });
  });
});
