import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Below Linux's range for outgoing connections (32768 and up), so that no connection takes a remembered port. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const PORT_ATTEMPTS = 200;
const POLL_MS = 25;
/** A server that was just killed may hold its port for a moment longer. */
const PORT_RELEASE_MS = 5_000;

/** A port of the loopback address that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT}`);
}

/** Whether a server could listen on this port of the loopback address. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch {
    return false; // In use, or not ours to bind: both mean "choose another".
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** The preferred port when it is free or becomes so within five seconds, else another one. */
export async function choosePort(preferred: number | undefined): Promise<number> {
  if (preferred === undefined) return freePort();
  const deadline = performance.now() + PORT_RELEASE_MS;
  while (performance.now() < deadline) {
    if (await isPortFree(preferred)) return preferred;
    await delay(POLL_MS);
  }
  return freePort();
}
