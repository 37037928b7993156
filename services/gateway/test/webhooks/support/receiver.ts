import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = { at: number; headers: IncomingHttpHeaders; body: string };
export type Receiver = AsyncDisposable & {
  url: string;
  received: Received[];
  /** What it answers from now on. */
  answer(status: number, headers?: Record<string, string>): void;
  /** Answers nothing until it is let go. */
  hang(): () => void;
};

/** A customer's server. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let next: { status: number; headers: Record<string, string> } = { status: 204, headers: {} };
  let gate: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ at: performance.now(), headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      void gate.then(() => response.writeHead(next.status, next.headers).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answer(status, headers = {}) {
      next = { status, headers };
    },
    hang() {
      let letGo = (): void => undefined;
      gate = new Promise((resolve) => {
        letGo = resolve;
      });
      return () => letGo();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
