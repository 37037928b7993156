CREATE TABLE "account_use" (
	"account_id" text PRIMARY KEY NOT NULL,
	"gpu_ms" double precision NOT NULL,
	"as_of" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"region" text NOT NULL,
	"cluster_id" text NOT NULL,
	"sku" text NOT NULL,
	"phase" text NOT NULL,
	"reason" jsonb,
	"price_meter" text NOT NULL,
	"price_id" text NOT NULL,
	"price_amount_micros" bigint NOT NULL,
	"price_per_quantity" bigint NOT NULL,
	"hold_id" text,
	"hold_micros" bigint NOT NULL,
	"hold_expires_at" timestamp (3) with time zone NOT NULL,
	"funded_until" timestamp (3) with time zone NOT NULL,
	"extend_at" timestamp (3) with time zone NOT NULL,
	"last_usage_id" text,
	"job_key" text,
	"reserved_at" timestamp (3) with time zone NOT NULL,
	"bound_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"fenced_at" timestamp (3) with time zone,
	CONSTRAINT "attempts_workload_id_epoch_pk" PRIMARY KEY("workload_id","epoch")
);
--> statement-breakpoint
CREATE TABLE "chores" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"region" text NOT NULL,
	"display_name" text NOT NULL,
	"supplier_account_id" text DEFAULT '' NOT NULL,
	"is_draining" boolean DEFAULT false NOT NULL,
	"driver" text DEFAULT '' NOT NULL,
	"isolation" text DEFAULT '' NOT NULL,
	"instance_id" text DEFAULT '' NOT NULL,
	"sequence" bigint DEFAULT 0 NOT NULL,
	"nodes_hash" text DEFAULT '' NOT NULL,
	"last_sync_at" timestamp (3) with time zone,
	"lost_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "gpu_reservations" (
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"task_index" integer NOT NULL,
	"cluster_id" text NOT NULL,
	"gpu_id" text NOT NULL,
	"milli_gpus" integer NOT NULL,
	CONSTRAINT "gpu_reservations_workload_id_epoch_task_index_gpu_id_pk" PRIMARY KEY("workload_id","epoch","task_index","gpu_id"),
	CONSTRAINT "gpu_reservations_share" CHECK ("gpu_reservations"."milli_gpus" between 1 and 1000)
);
--> statement-breakpoint
CREATE TABLE "gpus" (
	"cluster_id" text NOT NULL,
	"gpu_id" text NOT NULL,
	"node_id" text NOT NULL,
	"device_index" integer NOT NULL,
	"model" text NOT NULL,
	"memory_bytes" bigint NOT NULL,
	"is_healthy" boolean NOT NULL,
	"is_present" boolean DEFAULT true NOT NULL,
	"used_milli" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "gpus_cluster_id_gpu_id_pk" PRIMARY KEY("cluster_id","gpu_id"),
	CONSTRAINT "gpus_not_over_committed" CHECK ("gpus"."used_milli" between 0 and 1000)
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
CREATE TABLE "log_chunks" (
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"task_index" integer NOT NULL,
	"offset" bigint NOT NULL,
	"data" "bytea" NOT NULL,
	"logged_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "log_chunks_workload_id_epoch_task_index_offset_pk" PRIMARY KEY("workload_id","epoch","task_index","offset")
);
--> statement-breakpoint
CREATE TABLE "nodes" (
	"cluster_id" text NOT NULL,
	"node_id" text NOT NULL,
	"milli_cpus" integer NOT NULL,
	"memory_bytes" bigint NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_present" boolean DEFAULT true NOT NULL,
	"used_milli_cpus" integer DEFAULT 0 NOT NULL,
	"used_memory_bytes" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "nodes_cluster_id_node_id_pk" PRIMARY KEY("cluster_id","node_id"),
	CONSTRAINT "nodes_used" CHECK ("nodes"."used_milli_cpus" >= 0 and "nodes"."used_memory_bytes" >= 0)
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
CREATE TABLE "regions" (
	"region" text PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL
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
CREATE TABLE "reservations" (
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"task_index" integer NOT NULL,
	"cluster_id" text NOT NULL,
	"node_id" text NOT NULL,
	"milli_cpus" integer NOT NULL,
	"memory_bytes" bigint NOT NULL,
	CONSTRAINT "reservations_workload_id_epoch_task_index_pk" PRIMARY KEY("workload_id","epoch","task_index"),
	CONSTRAINT "reservations_positive" CHECK ("reservations"."milli_cpus" > 0 and "reservations"."memory_bytes" > 0)
);
--> statement-breakpoint
CREATE TABLE "skus" (
	"sku" text PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL,
	"gpu_model" text NOT NULL,
	"gpu_memory_bytes" bigint NOT NULL,
	CONSTRAINT "skus_gpu_model_unique" UNIQUE("gpu_model")
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"workload_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"index" integer NOT NULL,
	"phase" text NOT NULL,
	"node_id" text NOT NULL,
	"gpus" jsonb NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"run_ms" bigint DEFAULT 0 NOT NULL,
	"charged_ms" bigint DEFAULT 0 NOT NULL,
	"exit_code" integer,
	"signal" text,
	"end_cause" text,
	"message" text,
	"published" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"log_bytes" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "tasks_workload_id_epoch_index_pk" PRIMARY KEY("workload_id","epoch","index"),
	CONSTRAINT "tasks_charged" CHECK ("tasks"."charged_ms" between 0 and "tasks"."run_ms")
);
--> statement-breakpoint
CREATE TABLE "workloads" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"spec" jsonb NOT NULL,
	"phase" text NOT NULL,
	"reason" jsonb NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"requeues" integer DEFAULT 0 NOT NULL,
	"stop_cause" text,
	"exit_code" integer,
	"queue_position" integer DEFAULT 0 NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"eligible_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "workloads_phase" CHECK ("workloads"."phase" in ('pending', 'starting', 'running', 'stopping', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "workloads_finished" CHECK (("workloads"."phase" in ('succeeded', 'failed', 'cancelled')) = ("workloads"."finished_at" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_live" ON "attempts" USING btree ("workload_id") WHERE phase in ('reserved', 'starting', 'running', 'stopping');--> statement-breakpoint
CREATE INDEX "attempts_reserved" ON "attempts" USING btree ("reserved_at") WHERE phase = 'reserved';--> statement-breakpoint
CREATE INDEX "attempts_live" ON "attempts" USING btree ("cluster_id") WHERE phase in ('starting', 'running', 'stopping');--> statement-breakpoint
CREATE INDEX "attempts_funding" ON "attempts" USING btree ("extend_at") WHERE phase in ('starting', 'running');--> statement-breakpoint
CREATE INDEX "chores_due" ON "chores" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "gpu_reservations_gpu" ON "gpu_reservations" USING btree ("cluster_id","gpu_id");--> statement-breakpoint
CREATE INDEX "inbox_open" ON "inbox" USING btree ("consumer","state") WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX "inbox_done_at" ON "inbox" USING btree ("updated_at") WHERE state = 'done';--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" USING btree ("position") WHERE sent_at is null;--> statement-breakpoint
CREATE INDEX "outbox_sent_at" ON "outbox" USING btree ("sent_at") WHERE sent_at is not null;--> statement-breakpoint
CREATE INDEX "requests_created_at" ON "requests" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "workloads_of_workspace" ON "workloads" USING btree ("account_id","workspace_id","id" desc);--> statement-breakpoint
CREATE INDEX "workloads_pending" ON "workloads" USING btree ("created_at","id") WHERE phase = 'pending';--> statement-breakpoint
CREATE INDEX "workloads_pending_of_account" ON "workloads" USING btree ("account_id") WHERE phase = 'pending';