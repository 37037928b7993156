import { z } from 'zod';
import { commanding, reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { idOrName, listOf, pageOnly, noQuery, pageQuery, sha256Hex, sizeIn } from '../../schemas.ts';
import { present } from '../present.ts';
import { commitView, fileView, toCommitView, toFileView } from './views.ts';

const tags = ['hub'];
const MAX_FILES_PER_COMMIT = 10_000;
const path = z.string().min(1).max(1_024);
const params = z.strictObject({ id: idOrName });

const commitBody = z.strictObject({
  message: z.string().max(10_000).default(''),
  files: z
    .array(z.strictObject({ path, sha256: sha256Hex, size_bytes: sizeIn }))
    .max(MAX_FILES_PER_COMMIT)
    .default([])
    .meta({ description: 'Added or replaced; their blobs are uploaded before' }),
  deleted_paths: z.array(path).max(MAX_FILES_PER_COMMIT).default([]),
  expected_parent: sha256Hex.optional().meta({ description: 'Refused when the head is another revision' }),
});

export const commitRoutes: Routes = (app, deps) => {
  const { repositories } = deps.services;

  app.post(
    '/v1/repositories/:id/commits',
    {
      schema: {
        tags,
        summary: 'Make a revision out of uploaded files',
        params,
        body: commitBody,
        querystring: noQuery,
        response: { 201: commitView },
      },
      config: { access: { scope: 'hub:write' }, audit: 'repository.commit' },
    },
    async (request, reply) => {
      const { body } = request;
      const command = {
        requestId: request.commandId,
        repositoryId: request.params.id,
        message: body.message,
        files: body.files.map((file) => ({ path: file.path, sha256: file.sha256, sizeBytes: file.size_bytes })),
        deletedPaths: body.deleted_paths,
        expectedParent: body.expected_parent ?? '',
      };
      const { commit } = await repositories.createCommit(command, await commanding(deps, request));
      return reply.code(201).send(toCommitView(present(commit)));
    },
  );

  app.get(
    '/v1/repositories/:id/commits',
    {
      schema: {
        tags,
        summary: 'Revisions, newest first',
        params,
        querystring: pageOnly,
        response: { 200: listOf(commitView) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = { repositoryId: request.params.id, page: pageRequest(request.query) };
      const { commits, page } = await repositories.listCommits(wish, await reading(deps, request));
      return serviceList(commits, page, toCommitView);
    },
  );

  app.get(
    '/v1/repositories/:id/files',
    {
      schema: {
        tags,
        summary: 'Files of a revision',
        params,
        querystring: z.strictObject({ ...pageQuery, revision: z.string().min(1).max(128).default('main') }),
        response: { 200: listOf(fileView).extend({ revision: z.string() }) },
      },
      config: { access: { scope: 'hub:read' } },
    },
    async (request) => {
      const wish = {
        repositoryId: request.params.id,
        revision: request.query.revision,
        page: pageRequest(request.query),
      };
      const { revision, files, page } = await repositories.listFiles(wish, await reading(deps, request));
      return { ...serviceList(files, page, toFileView), revision };
    },
  );
};
