import { setTimeout as delay } from 'node:timers/promises';
import { type Api, Refused } from './api.ts';

/** One server-sent event; `data` is JSON. */
export type ServerEvent = { id: string; event: string; data: unknown };

const RECONNECT_PAUSE_MS = 300;

/** Follows an event stream, over as many connections as it takes, until the caller has seen enough or gives up. */
export async function* follow(
  api: Api,
  path: string,
  { signal, lastEventId = '' }: { signal: AbortSignal; lastEventId?: string },
): AsyncGenerator<ServerEvent, void, void> {
  let last = lastEventId;
  for (;;) {
    signal.throwIfAborted();
    for await (const event of connectOnce(api, path, { signal, lastEventId: last })) {
      if (event.id !== '') last = event.id;
      yield event;
    }
    await delay(RECONNECT_PAUSE_MS, undefined, { signal });
  }
}

/** The events of one connection, from behind `lastEventId` on. Ends when the connection does, however that is. */
export async function* connectOnce(
  api: Api,
  path: string,
  { signal, lastEventId = '' }: { signal: AbortSignal; lastEventId?: string },
): AsyncGenerator<ServerEvent, void, void> {
  const left = new AbortController();
  const headers = { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) };
  const answer = await api.send('GET', path, { headers, signal: AbortSignal.any([signal, left.signal]) });
  if (!answer.ok || answer.body === null) throw new Refused(`GET ${path}`, answer.status, await answer.text());
  try {
    for await (const block of blocksOf(answer.body)) {
      const event = parse(block);
      if (event?.event === 'problem') throw new Error(`GET ${path} ended with ${JSON.stringify(event.data)}`);
      if (event !== undefined) yield event;
    }
  } finally {
    left.abort(); // The caller has seen enough: the connection must not stay open behind it.
  }
}

/** Text between empty lines. A connection that breaks ends it quietly: the next one goes on. */
async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => broken(error));
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    yield* blocks;
  }
}

function broken(error: unknown): { done: true; value: undefined } {
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TypeError')) {
    return { done: true, value: undefined };
  }
  throw error;
}

function parse(block: string): ServerEvent | undefined {
  const fields = new Map(
    block
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id') ?? '', event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
