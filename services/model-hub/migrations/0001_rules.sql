-- What must hold whatever the code does.
ALTER TABLE repositories ADD CONSTRAINT repositories_kind CHECK (kind IN ('model', 'dataset'));--> statement-breakpoint
ALTER TABLE refs ADD CONSTRAINT refs_head CHECK ((revision = '' AND commit_count = 0) OR (revision ~ '^[0-9a-f]{64}$' AND commit_count > 0));--> statement-breakpoint
ALTER TABLE commits ADD CONSTRAINT commits_revision CHECK (revision ~ '^[0-9a-f]{64}$' AND parent ~ '^([0-9a-f]{64})?$' AND number > 0 AND file_count >= 0);--> statement-breakpoint
ALTER TABLE commit_files ADD CONSTRAINT commit_files_blob CHECK (sha256 ~ '^[0-9a-f]{64}$' AND size_bytes >= 0);--> statement-breakpoint
ALTER TABLE blobs ADD CONSTRAINT blobs_content CHECK (sha256 ~ '^[0-9a-f]{64}$' AND size_bytes >= 0);--> statement-breakpoint
ALTER TABLE uploads ADD CONSTRAINT uploads_content CHECK (sha256 ~ '^[0-9a-f]{64}$' AND size_bytes >= 0 AND state IN ('open', 'complete'));--> statement-breakpoint
ALTER TABLE routes ADD CONSTRAINT routes_version CHECK (version > 0);--> statement-breakpoint
ALTER TABLE corpora ADD CONSTRAINT corpora_counts CHECK (document_count >= 0 AND chunk_count >= 0 AND term_count >= 0);--> statement-breakpoint
ALTER TABLE chunks ADD CONSTRAINT chunks_place CHECK (chunk_index >= 0 AND from_char >= 0 AND to_char > from_char AND term_count >= 0);--> statement-breakpoint
ALTER TABLE postings ADD CONSTRAINT postings_arrays CHECK (cardinality(chunk_indexes) = cardinality(frequencies) AND cardinality(frequencies) > 0);--> statement-breakpoint

-- History is written once: what a revision names never changes.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER commits_written_once BEFORE UPDATE OR DELETE ON commits FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER commit_files_written_once BEFORE UPDATE OR DELETE ON commit_files FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER blobs_written_once BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION refuse_change();
