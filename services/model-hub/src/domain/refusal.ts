/** Every expected "no" of this service. The edges translate each into their own words; none is ever thrown. */
export type Refusal =
  | { reason: 'repository_not_found' }
  | { reason: 'repository_exists'; repositoryId: string }
  | { reason: 'invalid_name'; rule: string }
  | { reason: 'invalid_path'; path: string; rule: string }
  | { reason: 'invalid_message'; rule: string }
  | { reason: 'invalid_sha256' }
  | { reason: 'blob_too_large'; maxBytes: number }
  | { reason: 'blob_size_mismatch'; sizeBytes: number }
  | { reason: 'blob_missing'; path: string; sha256: string }
  | { reason: 'empty_commit' }
  | { reason: 'too_many_files'; maxFiles: number }
  | { reason: 'parent_changed'; head: string }
  | { reason: 'revision_not_found' }
  | { reason: 'file_not_found'; path: string }
  | { reason: 'corpus_not_found' }
  | { reason: 'corpus_exists'; corpusId: string }
  | { reason: 'corpus_full'; maxDocuments: number }
  | { reason: 'document_not_found' }
  | { reason: 'document_too_large'; maxBytes: number }
  | { reason: 'invalid_text'; rule: string }
  | { reason: 'invalid_query'; rule: string }
  | { reason: 'route_not_found' }
  | { reason: 'invalid_route'; rule: string }
  | { reason: 'cursor_invalid' }
  | { reason: 'limit_out_of_range'; maxLimit: number }
  | { reason: 'request_id_reused' };

/** What a use case answers: a value, or why not. */
export type Outcome<T> = { kind: 'done'; value: T } | { kind: 'refused'; refusal: Refusal };

export function done<T>(value: T): Outcome<T> {
  return { kind: 'done', value };
}

export function refused<T = never>(refusal: Refusal): Outcome<T> {
  return { kind: 'refused', refusal };
}
