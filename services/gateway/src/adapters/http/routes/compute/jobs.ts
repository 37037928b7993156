import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idParams, listOf, noQuery, oneOrMore, pageQuery } from '../../schemas.ts';
import { jobSpecIn, toJobSpec } from './job-spec.ts';
import { jobView, quoteView, toJobView, toQuoteView } from './job-views.ts';
import { present } from '../present.ts';

const tags = ['compute'];
const PHASES = ['pending', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled'] as const;
const listQuery = z.strictObject({ ...pageQuery, phase: oneOrMore(z.enum(PHASES)) });
const quoteBody = z.strictObject({
  spec: jobSpecIn,
  expected_seconds: z.int().min(0).max(604_800).default(0).meta({ description: '0: as long as max_run_seconds' }),
});

export const jobRoutes: Routes = (app, deps) => {
  const { jobs } = deps.services;

  app.post(
    '/v1/jobs',
    {
      schema: { tags, summary: 'Submit a job', body: jobSpecIn, querystring: noQuery, response: { 202: jobView } },
      config: { access: { scope: 'jobs:write' }, audit: 'job.create' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, spec: toJobSpec(request.body) };
      const { job } = await jobs.createJob(command, await commanding(deps, request));
      const view = toJobView(present(job));
      return reply.code(202).header('location', `/v1/jobs/${view.id}`).send(view);
    },
  );

  app.get(
    '/v1/jobs',
    {
      schema: {
        tags,
        summary: 'Jobs of the workspace, newest first',
        querystring: listQuery,
        response: { 200: listOf(jobView) },
      },
      config: { access: { scope: 'jobs:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), phases: request.query.phase };
      const { jobs: found, page } = await jobs.listJobs(wish, await reading(deps, request));
      return serviceList(found, page, toJobView);
    },
  );

  app.get(
    '/v1/jobs/:id',
    {
      schema: { tags, summary: 'One job', params: idParams, querystring: noQuery, response: { 200: jobView } },
      config: { access: { scope: 'jobs:read' } },
    },
    async (request) => {
      const { job } = await jobs.getJob({ jobId: request.params.id }, await reading(deps, request));
      return toJobView(present(job));
    },
  );

  app.post(
    '/v1/jobs/:id/cancel',
    {
      schema: {
        tags,
        summary: 'Cancel a job; one that has ended stays as it is',
        params: idParams,
        querystring: noQuery,
        body: z.strictObject({}).nullish(),
        response: { 202: jobView },
      },
      config: { access: { scope: 'jobs:write' }, audit: 'job.cancel' },
    },
    async (request, reply) => {
      const command = { requestId: request.commandId, jobId: request.params.id };
      const { job } = await jobs.cancelJob(command, await commanding(deps, request));
      return reply.code(202).send(toJobView(present(job)));
    },
  );

  app.post(
    '/v1/quotes',
    {
      schema: {
        tags,
        summary: 'What a job would cost and where it could run; its prices are kept until valid_until',
        body: quoteBody,
        querystring: noQuery,
        response: { 200: quoteView },
      },
      // Prices are promised, nothing is bought.
      config: { access: { scope: 'jobs:read' }, audit: false },
    },
    async (request) => {
      const wish = { spec: toJobSpec(request.body.spec), expectedSeconds: request.body.expected_seconds };
      return toQuoteView(await jobs.quoteJob(wish, await reading(deps, request)));
    },
  );
};
