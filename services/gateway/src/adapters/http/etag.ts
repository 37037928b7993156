import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem } from './problems/problem.ts';

/** The version of a thing as its ETag. */
export function withEtag<Reply extends Pick<FastifyReply, 'header'>>(reply: Reply, version: number | bigint): Reply {
  reply.header('etag', `"${version}"`);
  return reply;
}

/** The version that `If-Match` asks for; undefined when it does not ask, or takes any. */
export function ifMatchVersion(request: Pick<FastifyRequest, 'headers'>): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return undefined;
  const version = /^"([0-9]{1,15})"$/.exec(header)?.[1];
  if (version === undefined) throw problem('invalid_if_match');
  return Number(version);
}
