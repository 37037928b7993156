import { GrpcCallError, isUnavailableError } from '@suanli/grpc-kit';
import { isUnavailable } from '@suanli/postgres';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { ProblemCode } from './catalogue.ts';
import { problemFromGrpc } from './from-grpc.ts';
import { type FieldError, ProblemError } from './problem.ts';

const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_HANDLER_TIMEOUT: 'deadline_exceeded',
};

/** The one translation of whatever was thrown into what the customer hears. */
export function problemFromError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof GrpcCallError) return problemFromGrpc(error);
  if (hasZodFastifySchemaValidationErrors(error)) return validationProblem(error);
  if (isFastifyError(error)) {
    const code = BY_FASTIFY_CODE[error.code];
    if (code !== undefined) return new ProblemError(code, undefined, {}, error);
    if (error.statusCode === 400) return new ProblemError('invalid_request', error.message, {}, error);
  }
  if (error instanceof SyntaxError && 'statusCode' in error && error.statusCode === 400) {
    return new ProblemError('invalid_json', undefined, {}, error);
  }
  if (isUnavailable(error) || isUnavailableError(error))
    return new ProblemError('service_unavailable', undefined, {}, error);
  return new ProblemError('internal_error', undefined, {}, error);
}

type ZodFailure = Error & {
  validation: readonly { keyword: string; instancePath: string; message?: string; params: Record<string, unknown> }[];
  validationContext?: string;
};

const PLACES: Readonly<Record<string, FieldError['in']>> = { querystring: 'query', params: 'path', headers: 'headers' };

function validationProblem(error: ZodFailure): ProblemError {
  const place = PLACES[error.validationContext ?? ''] ?? 'body';
  const errors = error.validation.flatMap((failure) => fieldErrors(failure, place)).slice(0, MAX_FIELD_ERRORS);
  const first = errors[0];
  const detail = first && `${place} ${first.pointer === '' ? '' : `${first.pointer} `}${first.detail}`;
  return new ProblemError('invalid_request', detail, { errors }, error);
}

const MAX_FIELD_ERRORS = 20;

/** A field that is not known is pointed at itself, not at the object that holds it. */
function fieldErrors(failure: ZodFailure['validation'][number], place: FieldError['in']): FieldError[] {
  const at = failure.instancePath === '/' ? '' : failure.instancePath;
  const { keys } = failure.params;
  if (failure.keyword === 'unrecognized_keys' && Array.isArray(keys)) {
    return keys.map((key) => ({ in: place, pointer: `${at}/${escapePointer(String(key))}`, detail: 'is not known' }));
  }
  return [{ in: place, pointer: at, detail: failure.message ?? 'is not valid' }];
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('FST_');
}
