import type { Job } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import { reading, streaming } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { problem } from '../../problems/problem.ts';
import { idParams, noQuery } from '../../schemas.ts';
import { resuming } from '../../sse/resuming.ts';
import { lastEventId, sendEvents } from '../../sse/send-events.ts';
import { present } from '../present.ts';
import { toJobView } from './job-views.ts';

const VERSION = /^[0-9]{1,18}$/;

/** The job at each of its versions, until it has ended. The id of an event is the version. */
export const jobEventRoutes: Routes = (app, deps) => {
  app.get(
    '/v1/jobs/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['compute'],
        summary: 'The job now and at every change, as server-sent events',
        description: 'Events `job` with the job as data; `id` is its version. Ends when the job has ended.',
        params: idParams,
        querystring: noQuery,
        produces: ['text/event-stream'],
      },
      config: { access: { scope: 'jobs:read' }, isStreaming: true },
    },
    async (request, reply) => {
      const jobId = request.params.id;
      const last = lastEventId(request) ?? '0';
      if (!VERSION.test(last)) throw problem('invalid_last_event_id');
      await deps.services.jobs.getJob({ jobId }, await reading(deps, request));
      await sendEvents(deps, request, reply, async function* (signal) {
        const watch = async function* (seen: Job | undefined) {
          const options = await streaming(deps, request, signal);
          const wish = { jobId, afterVersion: seen?.version ?? BigInt(last) };
          for await (const { job } of deps.services.jobs.watchJob(wish, options)) yield present(job);
        };
        for await (const job of resuming(deps, signal, watch)) {
          yield { id: String(job.version), event: 'job', data: toJobView(job) };
        }
      });
    },
  );
};
