import { chmod } from 'node:fs/promises';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';

/** Where a task finds its way to the platform. */
export const API_SOCKET_IN_TASK = '/run/suanli/api.sock';
/** Connections of one task at the same time. */
const MAX_CONNECTIONS = 32;

/**
 * A unix socket in `directory` that leads to the gateway and nowhere else: a task without network can still call the
 * platform's public API with its job key.
 */
export async function openApiSocket(directory: string, gatewayUrl: URL): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectGateway(gatewayUrl);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // Either side may go away at any time; the other learns it by its own close.
      socket.on('error', () => socket.destroy());
    }
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const path = join(directory, 'api.sock');
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o666);
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function connectGateway(url: URL): Socket {
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  return isTls
    ? connectTls({ host: url.hostname, port, servername: url.hostname })
    : connectTcp({ host: url.hostname, port });
}
