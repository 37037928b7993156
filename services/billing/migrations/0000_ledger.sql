CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"currency" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bill_lines" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"source_kind" text NOT NULL,
	"source_id" text NOT NULL,
	"meter" text NOT NULL,
	"region" text NOT NULL,
	"item" text NOT NULL,
	"quantity" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"written_off_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"price_id" text NOT NULL,
	"price_version" integer NOT NULL,
	"price_amount_micros" bigint NOT NULL,
	"price_per_quantity" bigint NOT NULL,
	"hold_id" text NOT NULL,
	"usage_from" timestamp (3) with time zone NOT NULL,
	"usage_to" timestamp (3) with time zone NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "bill_lines_parts" CHECK ("bill_lines"."quantity" >= 0 and "bill_lines"."written_off_micros" between 0 and "bill_lines"."amount_micros")
);
--> statement-breakpoint
CREATE TABLE "charges" (
	"id" text PRIMARY KEY NOT NULL,
	"usage_id" text NOT NULL,
	"bill_line_id" text NOT NULL,
	"meter" text NOT NULL,
	"quantity" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"held_micros" bigint NOT NULL,
	"wallet_micros" bigint NOT NULL,
	"written_off_micros" bigint NOT NULL,
	"write_off_reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "charges_payers" CHECK ("charges"."held_micros" + "charges"."wallet_micros" + "charges"."written_off_micros" = "charges"."amount_micros"),
	CONSTRAINT "charges_parts" CHECK ("charges"."held_micros" >= 0 and "charges"."wallet_micros" >= 0 and "charges"."written_off_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "entries" (
	"transfer_id" text NOT NULL,
	"account_id" text NOT NULL,
	"sequence" bigint,
	"posted_micros" bigint NOT NULL,
	"pending_micros" bigint NOT NULL,
	"posted_after_micros" bigint,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "entries_transfer_id_account_id_pk" PRIMARY KEY("transfer_id","account_id")
);
--> statement-breakpoint
CREATE TABLE "holds" (
	"id" text PRIMARY KEY NOT NULL,
	"wallet_id" text NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"status" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"captured_micros" bigint NOT NULL,
	"released_micros" bigint NOT NULL,
	"purpose_kind" text NOT NULL,
	"purpose_id" text NOT NULL,
	"purpose_epoch" integer NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"release_at" timestamp (3) with time zone NOT NULL,
	"awaits_usage_id" text,
	"resolved_at" timestamp (3) with time zone,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "holds_status" CHECK ("holds"."status" in ('active', 'closed', 'expired')),
	CONSTRAINT "holds_parts" CHECK ("holds"."captured_micros" >= 0 and "holds"."released_micros" >= 0 and "holds"."amount_micros" > 0),
	CONSTRAINT "holds_never_exceeded" CHECK ("holds"."captured_micros" + "holds"."released_micros" <= "holds"."amount_micros"),
	CONSTRAINT "holds_resolved" CHECK ("holds"."resolved_at" is null or ("holds"."status" <> 'active' and "holds"."captured_micros" + "holds"."released_micros" = "holds"."amount_micros"))
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
CREATE TABLE "prices" (
	"id" text PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"meter" text NOT NULL,
	"region" text NOT NULL,
	"item" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"per_quantity" bigint NOT NULL,
	"currency" text NOT NULL,
	"effective_from" timestamp (3) with time zone NOT NULL,
	"display" text NOT NULL,
	CONSTRAINT "prices_positive" CHECK ("prices"."amount_micros" >= 0 and "prices"."per_quantity" > 0 and "prices"."version" > 0)
);
--> statement-breakpoint
CREATE TABLE "recharges" (
	"id" text PRIMARY KEY NOT NULL,
	"wallet_id" text NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"channel" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"serial_number" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
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
CREATE TABLE "transfers" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "transfers_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"code" text NOT NULL,
	"from_account_id" text NOT NULL,
	"to_account_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"hold_id" text,
	"reference" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "transfers_kind" CHECK ("transfers"."kind" in ('post', 'pending', 'post_pending', 'void_pending')),
	CONSTRAINT "transfers_amount" CHECK ("transfers"."amount_micros" > 0),
	CONSTRAINT "transfers_sides" CHECK ("transfers"."from_account_id" <> "transfers"."to_account_id"),
	CONSTRAINT "transfers_hold" CHECK (("transfers"."kind" = 'post') = ("transfers"."hold_id" is null))
);
--> statement-breakpoint
CREATE TABLE "usage_events" (
	"usage_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"fact_key" text NOT NULL,
	"charge_count" integer NOT NULL,
	"attempts" integer DEFAULT 1 NOT NULL,
	"body" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"rated_at" timestamp (3) with time zone,
	CONSTRAINT "usage_state" CHECK (("usage_events"."state" = 'rated') = ("usage_events"."rated_at" is not null) and "usage_events"."state" in ('rated', 'parked'))
);
--> statement-breakpoint
CREATE TABLE "wallets" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"currency" text NOT NULL,
	"posted_micros" bigint DEFAULT 0 NOT NULL,
	"pending_micros" bigint DEFAULT 0 NOT NULL,
	"overdraft_micros" bigint DEFAULT 0 NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"level" text DEFAULT 'exhausted' NOT NULL,
	"sequence" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "wallets_account" UNIQUE("account_id"),
	CONSTRAINT "wallets_floor" CHECK ("wallets"."posted_micros" - "wallets"."pending_micros" >= -"wallets"."overdraft_micros"),
	CONSTRAINT "wallets_pending" CHECK ("wallets"."pending_micros" >= 0 and "wallets"."overdraft_micros" >= 0),
	CONSTRAINT "wallets_status" CHECK ("wallets"."status" in ('active', 'frozen')),
	CONSTRAINT "wallets_level" CHECK ("wallets"."level" in ('ok', 'low', 'exhausted'))
);
--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_usage_id_usage_events_usage_id_fk" FOREIGN KEY ("usage_id") REFERENCES "public"."usage_events"("usage_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_bill_line_id_bill_lines_id_fk" FOREIGN KEY ("bill_line_id") REFERENCES "public"."bill_lines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "entries" ADD CONSTRAINT "entries_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_id_accounts_id_fk" FOREIGN KEY ("id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "bill_lines_resource" ON "bill_lines" USING btree ("account_id","source_kind","source_id","meter","region","item","price_id","workspace_id","sub_account_id");--> statement-breakpoint
CREATE INDEX "bill_lines_tenant" ON "bill_lines" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "charges_usage" ON "charges" USING btree ("usage_id","meter");--> statement-breakpoint
CREATE INDEX "charges_line" ON "charges" USING btree ("bill_line_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "entries_sequence" ON "entries" USING btree ("account_id","sequence") WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX "holds_tenant" ON "holds" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "holds_due" ON "holds" USING btree ("release_at") WHERE resolved_at is null;--> statement-breakpoint
CREATE INDEX "inbox_open" ON "inbox" USING btree ("consumer","state") WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX "inbox_done_at" ON "inbox" USING btree ("updated_at") WHERE state = 'done';--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" USING btree ("position") WHERE sent_at is null;--> statement-breakpoint
CREATE INDEX "outbox_sent_at" ON "outbox" USING btree ("sent_at") WHERE sent_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "prices_version" ON "prices" USING btree ("meter","region","item","version");--> statement-breakpoint
CREATE UNIQUE INDEX "recharges_serial" ON "recharges" USING btree ("channel","serial_number");--> statement-breakpoint
CREATE INDEX "requests_created_at" ON "requests" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "usage_charged_fact" ON "usage_events" USING btree ("fact_key") WHERE state = 'rated' and charge_count > 0;--> statement-breakpoint
CREATE INDEX "usage_parked" ON "usage_events" USING btree ("usage_id") WHERE state = 'parked';