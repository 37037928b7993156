/** npm, the terminal and the boot may each pass on one Ctrl-C: within this time it is the same request. */
const SAME_REQUEST_MS = 1_000;
const EXIT_INTERRUPTED = 130;

/** Aborts at the first request to stop. The second one ends this process at once; its children are still asked to stop. */
export function stopRequest(): AbortSignal {
  const requested = new AbortController();
  let firstAt: number | undefined;
  const onSignal = () => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > SAME_REQUEST_MS) process.exit(EXIT_INTERRUPTED);
    firstAt ??= now;
    requested.abort(new Error('stopped on request'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return requested.signal;
}

export async function untilRequested(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
