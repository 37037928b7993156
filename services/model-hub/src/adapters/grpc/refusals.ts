import {
  aborted,
  alreadyExists,
  failedPrecondition,
  type GrpcRefusal,
  invalidArgument,
  notFound,
  refuse,
  type Refused,
  resourceExhausted,
} from '@suanli/grpc-kit';
import type { Outcome, Refusal } from '../../domain/refusal.ts';

/** The answer of a call: what `write` makes of the value, or the refusal as a status. */
export function answer<T, R>(outcome: Outcome<T>, write: (value: T) => R): R | Refused {
  return outcome.kind === 'done' ? write(outcome.value) : refuse(toStatus(outcome.refusal));
}

/** The only place that turns refusals of the domain into status codes. */
export function toStatus(refusal: Refusal): GrpcRefusal {
  const { reason } = refusal;
  switch (reason) {
    case 'repository_not_found':
      return notFound(reason, 'no such repository');
    case 'repository_exists':
      return alreadyExists(reason, 'there is a repository of that kind and name', {
        repository_id: refusal.repositoryId,
      });
    case 'invalid_name':
      return invalidArgument(reason, refusal.rule);
    case 'invalid_path':
      return invalidArgument(reason, refusal.rule, { path: refusal.path });
    case 'invalid_message':
      return invalidArgument(reason, `message: ${refusal.rule}`);
    case 'invalid_sha256':
      return invalidArgument('invalid_upload', 'sha256 is 64 hexadecimal digits in lower case');
    case 'blob_too_large':
      return invalidArgument('invalid_upload', `size_bytes: 0 to ${refusal.maxBytes}`, { max_bytes: refusal.maxBytes });
    case 'blob_size_mismatch':
      return invalidArgument('invalid_upload', 'the blob of this sha256 has another size', {
        size_bytes: refusal.sizeBytes,
      });
    case 'blob_missing':
      return failedPrecondition(reason, 'a file of the commit was not uploaded', {
        path: refusal.path,
        sha256: refusal.sha256,
      });
    case 'empty_commit':
      return invalidArgument(reason, 'a commit adds, replaces or deletes at least one file');
    case 'too_many_files':
      return invalidArgument(reason, `a revision has at most ${refusal.maxFiles} files`, {
        max_files: refusal.maxFiles,
      });
    case 'parent_changed':
      return aborted(reason, 'expected_parent is not the head', { head: refusal.head });
    case 'revision_not_found':
      return notFound(reason, 'no such revision');
    case 'file_not_found':
      return notFound(reason, 'no such file in this revision', { path: refusal.path });
    case 'corpus_not_found':
      return notFound(reason, 'no such corpus');
    case 'corpus_exists':
      return alreadyExists(reason, 'there is a corpus of that name', { corpus_id: refusal.corpusId });
    case 'corpus_full':
      return resourceExhausted(reason, `a corpus has at most ${refusal.maxDocuments} documents`);
    case 'document_not_found':
      return notFound(reason, 'no such document');
    case 'document_too_large':
      return invalidArgument('invalid_document', `a text has at most ${refusal.maxBytes} bytes`, {
        max_bytes: refusal.maxBytes,
      });
    case 'invalid_text':
      return invalidArgument('invalid_document', `text: ${refusal.rule}`);
    case 'invalid_query':
      return invalidArgument(reason, `query: ${refusal.rule}`);
    case 'route_not_found':
      return notFound('route_unknown', 'there is no route for this model');
    case 'invalid_route':
      return invalidArgument(reason, refusal.rule);
    case 'cursor_invalid':
      return invalidArgument(reason, 'this cursor was not given out by this list');
    case 'limit_out_of_range':
      return invalidArgument(reason, `limit must be from 1 to ${refusal.maxLimit}`);
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
  }
}
