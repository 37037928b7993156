import { TELEMETRY_FLUSH_LIMIT_MS } from '../limits.ts';

/** What the preload leaves behind so that `run` can send the last spans. Imports no SDK: most processes have none. */
type Provider = { shutdown(): Promise<void> };

let provider: Provider | undefined;

export function keepProvider(started: Provider): void {
  provider = started;
}

/** Sends what is buffered. A collector that does not answer must neither hold up nor fail the exit. */
export async function stopTelemetry(): Promise<void> {
  if (!provider) return;
  const limit = new Promise<void>((resolve) => setTimeout(resolve, TELEMETRY_FLUSH_LIMIT_MS).unref());
  const flushed = provider.shutdown().catch((error: unknown) => {
    process.stderr.write(`traces could not be sent: ${String(error)}\n`);
  });
  await Promise.race([flushed, limit]);
}
