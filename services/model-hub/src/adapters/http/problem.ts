import type { FastifyReply } from 'fastify';

/** Every way in which the data port says no; codes are stable. */
const PROBLEMS = {
  url_invalid: [403, 'The URL is not valid for this'],
  url_expired: [403, 'The URL has expired: ask for a new one'],
  route_not_found: [404, 'There is nothing at this path'],
  upload_not_found: [404, 'There is no such upload: ask for a new URL'],
  blob_not_found: [404, 'There is no such blob'],
  invalid_offset: [400, 'Upload-Offset must be a whole number'],
  upload_offset_mismatch: [409, 'The upload continues elsewhere: Upload-Offset tells from where'],
  upload_too_long: [413, 'More bytes were sent than the blob has'],
  upload_too_fragmented: [
    422,
    'The upload came in too many pieces: ask for a new URL in a day, and send larger pieces',
  ],
  hash_mismatch: [422, 'The bytes do not have the announced SHA-256: begin again at 0'],
  range_not_satisfiable: [416, 'The blob has no such bytes'],
  service_unavailable: [503, 'Something that this needs is away: try again'],
  internal_error: [500, 'This failed here, not with you'],
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** Answers with RFC 9457. Where a body is still on its way the connection is closed: nobody wants to read it. */
export function problem(reply: FastifyReply, code: ProblemCode): FastifyReply {
  const [status, title] = PROBLEMS[code];
  if (!reply.request.raw.complete) reply.header('connection', 'close');
  if (status === 503) reply.header('retry-after', '2');
  return reply.code(status).type('application/problem+json').send({ type: 'about:blank', title, status, code });
}
