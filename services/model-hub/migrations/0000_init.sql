CREATE TABLE "blobs" (
	"account_id" text NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "blobs_account_id_sha256_pk" PRIMARY KEY("account_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "commit_files" (
	"repository_id" text NOT NULL,
	"revision" text NOT NULL,
	"path" text COLLATE "C" NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	CONSTRAINT "commit_files_repository_id_revision_path_pk" PRIMARY KEY("repository_id","revision","path")
);
--> statement-breakpoint
CREATE TABLE "commits" (
	"repository_id" text NOT NULL,
	"revision" text NOT NULL,
	"account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"parent" text NOT NULL,
	"number" integer NOT NULL,
	"message" text NOT NULL,
	"file_count" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "commits_repository_id_revision_pk" PRIMARY KEY("repository_id","revision"),
	CONSTRAINT "commits_number" UNIQUE("repository_id","number")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"consumer" text NOT NULL,
	"event_id" text NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"subject" text NOT NULL,
	"payload" jsonb,
	"headers" jsonb,
	"first_seen_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "inbox_consumer_event_id_pk" PRIMARY KEY("consumer","event_id")
);
--> statement-breakpoint
CREATE TABLE "leadership" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"epoch" bigint NOT NULL,
	"lease_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbox_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subject" text NOT NULL,
	"aggregate_id" text NOT NULL,
	"aggregate_version" bigint NOT NULL,
	"payload" jsonb NOT NULL,
	"headers" jsonb NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"sent_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "refs" (
	"repository_id" text NOT NULL,
	"name" text NOT NULL,
	"revision" text NOT NULL,
	"commit_count" integer NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "refs_repository_id_name_pk" PRIMARY KEY("repository_id","name")
);
--> statement-breakpoint
CREATE TABLE "repositories" (
	"repository_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "repositories_name" UNIQUE("account_id","workspace_id","kind","name")
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"scope" text NOT NULL,
	"request_id" text NOT NULL,
	"body_hash" text NOT NULL,
	"answer" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "requests_scope_request_id_pk" PRIMARY KEY("scope","request_id")
);
--> statement-breakpoint
CREATE TABLE "routes" (
	"model" text COLLATE "C" PRIMARY KEY NOT NULL,
	"upstream" text NOT NULL,
	"upstream_model" text NOT NULL,
	"description" text NOT NULL,
	"is_language_model" boolean NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"is_removed" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"upload_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"state" text NOT NULL,
	"touched_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "chunks" (
	"document_no" bigint NOT NULL,
	"chunk_index" integer NOT NULL,
	"from_char" integer NOT NULL,
	"to_char" integer NOT NULL,
	"term_count" integer NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "chunks_document_no_chunk_index_pk" PRIMARY KEY("document_no","chunk_index")
);
--> statement-breakpoint
CREATE TABLE "corpora" (
	"corpus_no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "corpora_corpus_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"corpus_id" text NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"name" text NOT NULL,
	"document_count" integer NOT NULL,
	"chunk_count" integer NOT NULL,
	"term_count" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "corpora_corpus_id_unique" UNIQUE("corpus_id"),
	CONSTRAINT "corpora_name" UNIQUE("account_id","workspace_id","name")
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"document_no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "documents_document_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"document_id" text NOT NULL,
	"corpus_no" bigint NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"chunk_count" integer NOT NULL,
	"term_count" integer NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "documents_document_id_unique" UNIQUE("document_id"),
	CONSTRAINT "documents_name" UNIQUE("corpus_no","name")
);
--> statement-breakpoint
CREATE TABLE "postings" (
	"corpus_no" bigint NOT NULL,
	"term" text COLLATE "C" NOT NULL,
	"document_no" bigint NOT NULL,
	"chunk_indexes" integer[] NOT NULL,
	"frequencies" integer[] NOT NULL,
	CONSTRAINT "postings_corpus_no_term_document_no_pk" PRIMARY KEY("corpus_no","term","document_no")
);
--> statement-breakpoint
ALTER TABLE "commit_files" ADD CONSTRAINT "commit_files_commit" FOREIGN KEY ("repository_id","revision") REFERENCES "public"."commits"("repository_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commits" ADD CONSTRAINT "commits_repository_id_repositories_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repositories"("repository_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refs" ADD CONSTRAINT "refs_repository_id_repositories_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repositories"("repository_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "chunks" ADD CONSTRAINT "chunks_document_no_documents_document_no_fk" FOREIGN KEY ("document_no") REFERENCES "public"."documents"("document_no") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "documents" ADD CONSTRAINT "documents_corpus_no_corpora_corpus_no_fk" FOREIGN KEY ("corpus_no") REFERENCES "public"."corpora"("corpus_no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "postings" ADD CONSTRAINT "postings_document_no_documents_document_no_fk" FOREIGN KEY ("document_no") REFERENCES "public"."documents"("document_no") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "inbox_open" ON "inbox" USING btree ("consumer","state") WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX "inbox_done_at" ON "inbox" USING btree ("updated_at") WHERE state = 'done';--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" USING btree ("position") WHERE sent_at is null;--> statement-breakpoint
CREATE INDEX "outbox_sent_at" ON "outbox" USING btree ("sent_at") WHERE sent_at is not null;--> statement-breakpoint
CREATE INDEX "repositories_page" ON "repositories" USING btree ("account_id","workspace_id","repository_id");--> statement-breakpoint
CREATE INDEX "requests_created_at" ON "requests" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "uploads_open" ON "uploads" USING btree ("account_id","sha256","size_bytes") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "uploads_touched_at" ON "uploads" USING btree ("touched_at");--> statement-breakpoint
CREATE INDEX "corpora_page" ON "corpora" USING btree ("account_id","workspace_id","corpus_id");--> statement-breakpoint
CREATE INDEX "postings_document" ON "postings" USING btree ("document_no");