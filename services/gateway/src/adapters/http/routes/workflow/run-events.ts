import type { JournalEntry } from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import { reading, streaming } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { problem } from '../../problems/problem.ts';
import { idParams, noQuery } from '../../schemas.ts';
import { resuming } from '../../sse/resuming.ts';
import { lastEventId, sendEvents } from '../../sse/send-events.ts';
import { present } from '../present.ts';
import { toJournalView } from './views.ts';

const SEQUENCE = /^[0-9]{1,18}$/;

/** The journal of a run from its beginning, or from behind `Last-Event-ID`, until it has ended. */
export const runEventRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/runs/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['workflow'],
        summary: 'The journal of a run as server-sent events',
        description: 'The name of an event is the type of the entry, its `id` the sequence number.',
        params: idParams,
        querystring: noQuery,
        produces: ['text/event-stream'],
      },
      config: { access: { scope: 'workflows:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const runId = request.params.id;
      const last = lastEventId(request) ?? '0';
      if (!SEQUENCE.test(last)) throw problem('invalid_last_event_id');
      await deps.services.runs.getRun({ runId }, await reading(deps, request));
      await sendEvents(deps, request, reply, async function* (signal) {
        const read = async function* (seen: JournalEntry | undefined) {
          const options = await streaming(deps, request, signal);
          const wish = { runId, afterSequence: seen?.sequence ?? BigInt(last), follow: true };
          for await (const { entry } of deps.services.runs.streamJournal(wish, options)) yield present(entry);
        };
        for await (const entry of resuming(deps, signal, read)) {
          yield { id: String(entry.sequence), event: entry.type, data: toJournalView(entry) };
        }
      });
    },
  );
};
