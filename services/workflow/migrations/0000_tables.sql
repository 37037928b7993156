CREATE TABLE "definition" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"namespace" text NOT NULL,
	"name" text NOT NULL,
	"version" text NOT NULL,
	"digest" text NOT NULL,
	"document" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "human_task" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"run_id" text NOT NULL,
	"step_id" text NOT NULL,
	"title" text NOT NULL,
	"subject" text NOT NULL,
	"actions" text NOT NULL,
	"schema" text,
	"status" text NOT NULL,
	"action" text,
	"comment" text,
	"decided_by" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone
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
CREATE TABLE "job_stop" (
	"step_id" text PRIMARY KEY NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "journal" (
	"run_id" text NOT NULL,
	"sequence" bigint NOT NULL,
	"type" text NOT NULL,
	"step_id" text,
	"data" text NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "journal_run_id_sequence_pk" PRIMARY KEY("run_id","sequence")
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
CREATE TABLE "requests" (
	"scope" text NOT NULL,
	"request_id" text NOT NULL,
	"body_hash" text NOT NULL,
	"answer" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "requests_scope_request_id_pk" PRIMARY KEY("scope","request_id")
);
--> statement-breakpoint
CREATE TABLE "run" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"definition_id" text NOT NULL,
	"definition_digest" text NOT NULL,
	"status" text NOT NULL,
	"error" text,
	"input" text NOT NULL,
	"output" text,
	"review" text NOT NULL,
	"cost_micros" bigint NOT NULL,
	"context_version" integer NOT NULL,
	"context_count" integer NOT NULL,
	"step_count" integer NOT NULL,
	"sequence" bigint NOT NULL,
	"version" bigint NOT NULL,
	"forked_from_run_id" text,
	"forked_from_step_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "run_context" (
	"run_id" text NOT NULL,
	"version" integer NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "run_context_run_id_version_pk" PRIMARY KEY("run_id","version")
);
--> statement-breakpoint
CREATE TABLE "step" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"parent_id" text,
	"path" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"function" text,
	"iteration" text NOT NULL,
	"revision" integer NOT NULL,
	"ordinal" integer NOT NULL,
	"status" text NOT NULL,
	"is_frame" boolean NOT NULL,
	"input" text NOT NULL,
	"task_input" text,
	"arguments" text,
	"output" text,
	"error" text,
	"state" text,
	"round" integer NOT NULL,
	"resume" text,
	"context_version" integer NOT NULL,
	"attempt" integer NOT NULL,
	"crash_count" integer NOT NULL,
	"fence" integer DEFAULT 0 NOT NULL,
	"dispatch_seq" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone,
	"cost_micros" bigint NOT NULL,
	"job_id" text,
	"is_job_ended" boolean NOT NULL,
	"human_task_id" text,
	"made_by" text NOT NULL,
	"comment" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "step_charge" (
	"usage_id" text NOT NULL,
	"bill_line_id" text NOT NULL,
	"meter" text NOT NULL,
	"step_id" text NOT NULL,
	"run_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "step_charge_usage_id_bill_line_id_meter_pk" PRIMARY KEY("usage_id","bill_line_id","meter")
);
--> statement-breakpoint
ALTER TABLE "human_task" ADD CONSTRAINT "human_task_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_task" ADD CONSTRAINT "human_task_step_id_step_id_fk" FOREIGN KEY ("step_id") REFERENCES "public"."step"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "journal" ADD CONSTRAINT "journal_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_definition_id_definition_id_fk" FOREIGN KEY ("definition_id") REFERENCES "public"."definition"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_context" ADD CONSTRAINT "run_context_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "step" ADD CONSTRAINT "step_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "step_charge" ADD CONSTRAINT "step_charge_step_id_step_id_fk" FOREIGN KEY ("step_id") REFERENCES "public"."step"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "definition_version" ON "definition" USING btree ("account_id","workspace_id","namespace","name","version");--> statement-breakpoint
CREATE INDEX "definition_owner" ON "definition" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "human_task_owner" ON "human_task" USING btree ("account_id","workspace_id","status","id");--> statement-breakpoint
CREATE INDEX "human_task_run" ON "human_task" USING btree ("run_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "human_task_open" ON "human_task" USING btree ("step_id") WHERE status = 'open';--> statement-breakpoint
CREATE INDEX "inbox_open" ON "inbox" USING btree ("consumer","state") WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX "inbox_done_at" ON "inbox" USING btree ("updated_at") WHERE state = 'done';--> statement-breakpoint
CREATE INDEX "job_stop_due" ON "job_stop" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" USING btree ("position") WHERE sent_at is null;--> statement-breakpoint
CREATE INDEX "outbox_sent_at" ON "outbox" USING btree ("sent_at") WHERE sent_at is not null;--> statement-breakpoint
CREATE INDEX "requests_created_at" ON "requests" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "run_owner" ON "run" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "step_revision" ON "step" USING btree ("run_id","path","iteration","revision");--> statement-breakpoint
CREATE UNIQUE INDEX "step_in_force" ON "step" USING btree ("run_id","path","iteration") WHERE status <> 'superseded';--> statement-breakpoint
CREATE INDEX "step_order" ON "step" USING btree ("run_id","ordinal");--> statement-breakpoint
CREATE INDEX "step_live" ON "step" USING btree ("run_id") WHERE status in ('ready', 'running', 'waiting', 'review');--> statement-breakpoint
CREATE INDEX "step_due" ON "step" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE INDEX "step_parent" ON "step" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "step_charge_step" ON "step_charge" USING btree ("step_id");