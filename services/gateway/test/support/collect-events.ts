import { createParser, type EventSourceMessage } from 'eventsource-parser';

export type EventStream = AsyncDisposable & {
  response: Response;
  /** Comments that came, for example heartbeats. */
  comments: string[];
  events: EventSourceMessage[];
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
};

/** Reads an event stream in the background, as a browser does. */
export function collectEvents(response: Response): EventStream {
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async () => {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) return;
      parser.feed(next.value);
    }
  };
  const ended = read().catch(() => undefined);
  return {
    response,
    comments,
    events,
    ended,
    async [Symbol.asyncDispose]() {
      await reader?.cancel().catch(() => undefined);
      await ended;
    },
  };
}
