import { check } from '../check.ts';
import type { Api } from '../rest/api.ts';
import { connectOnce, follow } from '../rest/events.ts';
import { hasEnded, type Job } from '../rest/views.ts';

type LogEvent = { epoch: number; next_offset: string; text: string };

/** The whole log of the newest attempt of a job that has ended. */
export async function readLog(api: Api, jobId: string): Promise<string> {
  const answer = await api.send('GET', `/v1/jobs/${jobId}/logs`);
  const text = await answer.text();
  check(answer.ok, `GET /v1/jobs/${jobId}/logs answered ${answer.status}: ${text}`);
  return text;
}

/** Follows a log while the job runs, cut off once after the first event; returns what came over both connections. */
export async function followLogCutOnce(api: Api, jobId: string, signal: AbortSignal): Promise<string> {
  const path = `/v1/jobs/${jobId}/logs?follow=true`;
  let text = '';
  let lastEventId = '';
  while (text === '') {
    for await (const { id, data } of connectOnce(api, path, { signal })) {
      text += (data as LogEvent).text;
      lastEventId = id;
      break;
    }
    signal.throwIfAborted();
  }
  for await (const { data } of followToEnd(api, path, jobId, { signal, lastEventId })) text += (data as LogEvent).text;
  return text;
}

/** The stream ends with the job, and also when the platform restarts: only the job tells which it was. */
async function* followToEnd(
  api: Api,
  path: string,
  jobId: string,
  options: { signal: AbortSignal; lastEventId: string },
): ReturnType<typeof follow> {
  let { lastEventId } = options;
  for (;;) {
    const before = await api.get<Job>(`/v1/jobs/${jobId}`);
    for await (const event of connectOnce(api, path, { ...options, lastEventId })) {
      lastEventId = event.id;
      yield event;
    }
    if (hasEnded(before)) return; // All of it was there when this connection was made.
    options.signal.throwIfAborted();
  }
}
