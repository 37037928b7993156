import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import { parseDocument } from 'yaml';
import type { Source } from '../../app/definitions/create-definition.ts';
import { isPlainJson, type Json } from '../../domain/json.ts';
import { MAX_COMMENT_CHARS, MAX_SOURCE_BYTES, MAX_VALUE_BYTES } from '../../domain/limits.ts';

const MAX_REQUEST_ID_CHARS = 200;
/** A document of this size with aliases could grow beyond all bounds. */
const MAX_YAML_ALIASES = 50;

/** Every command carries an id, so that it can be repeated. */
export function withRequestId(ctx: CallContext, requestId: string): CallContext {
  if (requestId === '' || requestId.length > MAX_REQUEST_ID_CHARS) {
    throw grpcError(invalidArgument('REQUEST_ID_INVALID', `request_id has 1 to ${MAX_REQUEST_ID_CHARS} characters`));
  }
  return { ...ctx, requestId };
}

/** JSON text of a bounded size. `reason` names the refusal. */
export function readJson(text: string, field: string, reason: string): Json {
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES) {
    throw grpcError(invalidArgument(reason, `${field} has at most ${MAX_VALUE_BYTES} bytes`));
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isPlainJson(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw grpcError(invalidArgument(reason, `${field} is not JSON, or is nested too deep`));
}

/** Said by a person. SQL text cannot hold U+0000. */
export function readComment(comment: string): string {
  if (comment.length <= MAX_COMMENT_CHARS && !comment.includes('\u0000')) return comment;
  throw grpcError(invalidArgument('INVALID_COMMENT', `a comment has at most ${MAX_COMMENT_CHARS} characters`));
}

/** YAML or JSON; JSON is YAML. Not parsed at all when it is too large. */
export function readSource(source: string): Source {
  const bytes = Buffer.byteLength(source);
  if (bytes > MAX_SOURCE_BYTES) return { kind: 'document', document: null, bytes };
  const document = parseDocument(source, { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error) return { kind: 'unreadable', detail: error.message.split('\n')[0] ?? 'not YAML' };
  try {
    return { kind: 'document', document: document.toJS({ maxAliasCount: MAX_YAML_ALIASES }), bytes };
  } catch (thrown) {
    if (thrown instanceof ReferenceError) return { kind: 'unreadable', detail: thrown.message };
    throw thrown;
  }
}
