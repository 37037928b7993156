CREATE TABLE "document_closings" (
	"month" text PRIMARY KEY NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "document_numbers" (
	"series" text NOT NULL,
	"year" integer NOT NULL,
	"last_number" integer NOT NULL,
	CONSTRAINT "document_numbers_series_year_pk" PRIMARY KEY("series","year")
);
--> statement-breakpoint
CREATE TABLE "invoice_lines" (
	"invoice_id" text NOT NULL,
	"position" integer NOT NULL,
	"kind" text NOT NULL,
	"reference_id" text NOT NULL,
	"day" text NOT NULL,
	"title" text NOT NULL,
	"resource_kind" text NOT NULL,
	"resource_id" text NOT NULL,
	"meter" text NOT NULL,
	"region" text NOT NULL,
	"item" text NOT NULL,
	"quantity" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"is_late" boolean NOT NULL,
	CONSTRAINT "invoice_lines_invoice_id_position_pk" PRIMARY KEY("invoice_id","position")
);
--> statement-breakpoint
CREATE TABLE "invoiced_items" (
	"item_id" text PRIMARY KEY NOT NULL,
	"invoice_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoices" (
	"id" text PRIMARY KEY NOT NULL,
	"number" text NOT NULL,
	"kind" text NOT NULL,
	"account_id" text NOT NULL,
	"original_id" text,
	"day_from" text NOT NULL,
	"day_to" text NOT NULL,
	"line_count" integer NOT NULL,
	"total_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "invoices_number" UNIQUE("number"),
	CONSTRAINT "invoices_kind" CHECK ("invoices"."kind" in ('invoice', 'credit_note')),
	CONSTRAINT "invoices_original" CHECK (("invoices"."kind" = 'credit_note') = ("invoices"."original_id" is not null)),
	CONSTRAINT "invoices_total" CHECK ("invoices"."total_micros" >= 0 and "invoices"."line_count" > 0)
);
--> statement-breakpoint
CREATE TABLE "statements" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"wallet_id" text NOT NULL,
	"month" text NOT NULL,
	"after_sequence" bigint NOT NULL,
	"to_sequence" bigint NOT NULL,
	"opening_micros" bigint NOT NULL,
	"closing_micros" bigint NOT NULL,
	"movements" jsonb NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "statements_range" CHECK ("statements"."after_sequence" <= "statements"."to_sequence")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"title" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"refunded_micros" bigint DEFAULT 0 NOT NULL,
	"currency" text NOT NULL,
	"period_index" integer NOT NULL,
	"period_from" timestamp (3) with time zone,
	"period_to" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "orders_kind" CHECK ("orders"."kind" in ('purchase', 'renewal', 'upgrade', 'voucher', 'recharge')),
	CONSTRAINT "orders_refunded" CHECK ("orders"."refunded_micros" between 0 and "orders"."amount_micros")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" text PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"period" text NOT NULL,
	"price_micros" bigint NOT NULL,
	"benefit" jsonb NOT NULL,
	"family" text NOT NULL,
	"effective_from" timestamp (3) with time zone NOT NULL,
	"is_withdrawn" boolean NOT NULL,
	CONSTRAINT "plans_period" CHECK ("plans"."period" in ('month', 'year')),
	CONSTRAINT "plans_positive" CHECK ("plans"."price_micros" > 0 and "plans"."version" > 0)
);
--> statement-breakpoint
CREATE TABLE "renewal_attempts" (
	"subscription_id" text NOT NULL,
	"period_index" integer NOT NULL,
	"sequence" bigint NOT NULL,
	"number" integer NOT NULL,
	"result" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"missing_micros" bigint NOT NULL,
	"order_id" text,
	"attempted_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "renewal_attempts_subscription_id_sequence_pk" PRIMARY KEY("subscription_id","sequence"),
	CONSTRAINT "renewal_attempts_paid" CHECK (("renewal_attempts"."result" = 'paid') = ("renewal_attempts"."order_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"status" text NOT NULL,
	"end_reason" text,
	"plan_id" text NOT NULL,
	"plan_code" text NOT NULL,
	"quantity" integer NOT NULL,
	"price_micros" bigint NOT NULL,
	"expiry_mode" text NOT NULL,
	"anchor_at" timestamp (3) with time zone NOT NULL,
	"period" text NOT NULL,
	"period_index" integer NOT NULL,
	"period_from" timestamp (3) with time zone NOT NULL,
	"period_to" timestamp (3) with time zone NOT NULL,
	"order_id" text NOT NULL,
	"next" jsonb,
	"scheduled" jsonb,
	"last_attempt" integer,
	"due_at" timestamp (3) with time zone,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "subscriptions_status" CHECK ("subscriptions"."status" in ('active', 'ended')),
	CONSTRAINT "subscriptions_ended" CHECK (("subscriptions"."status" = 'ended') = ("subscriptions"."ended_at" is not null)),
	CONSTRAINT "subscriptions_due" CHECK (("subscriptions"."status" = 'active') = ("subscriptions"."due_at" is not null)),
	CONSTRAINT "subscriptions_period" CHECK ("subscriptions"."period_from" < "subscriptions"."period_to" and "subscriptions"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "credited_charges" (
	"charge_id" text PRIMARY KEY NOT NULL,
	"credit_id" text,
	"amount_micros" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "credits" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"source_kind" text NOT NULL,
	"source_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"reason" text NOT NULL,
	"bill_line_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"unusable_from" timestamp (3) with time zone NOT NULL,
	"unusable_to" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "credits_amount" CHECK ("credits"."amount_micros" > 0)
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"target_kind" text NOT NULL,
	"target_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"channel" text NOT NULL,
	"hold_id" text,
	"serial_number" text NOT NULL,
	"decided_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "refunds_amount" CHECK ("refunds"."amount_micros" > 0),
	CONSTRAINT "refunds_state" CHECK (("refunds"."kind" = 'wallet') = ("refunds"."state" = 'done')),
	CONSTRAINT "refunds_hold" CHECK (("refunds"."kind" = 'payout') = ("refunds"."hold_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "unusable_windows" (
	"source_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"source_kind" text NOT NULL,
	"account_id" text NOT NULL,
	"reason" text NOT NULL,
	"unusable_from" timestamp (3) with time zone NOT NULL,
	"unusable_to" timestamp (3) with time zone NOT NULL,
	"told_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "unusable_windows_source_id_epoch_pk" PRIMARY KEY("source_id","epoch"),
	CONSTRAINT "unusable_windows_reason" CHECK ("unusable_windows"."reason" in ('never_ready', 'lost', 'preempted')),
	CONSTRAINT "unusable_windows_times" CHECK ("unusable_windows"."unusable_from" < "unusable_windows"."unusable_to")
);
--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoiced_items" ADD CONSTRAINT "invoiced_items_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statements" ADD CONSTRAINT "statements_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renewal_attempts" ADD CONSTRAINT "renewal_attempts_subscription_id_subscriptions_id_fk" FOREIGN KEY ("subscription_id") REFERENCES "public"."subscriptions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credited_charges" ADD CONSTRAINT "credited_charges_credit_id_credits_id_fk" FOREIGN KEY ("credit_id") REFERENCES "public"."credits"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invoice_lines_reference" ON "invoice_lines" USING btree ("reference_id");--> statement-breakpoint
CREATE INDEX "invoiced_items_invoice" ON "invoiced_items" USING btree ("invoice_id");--> statement-breakpoint
CREATE INDEX "invoices_account" ON "invoices" USING btree ("account_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "statements_month" ON "statements" USING btree ("account_id","month");--> statement-breakpoint
CREATE INDEX "orders_tenant" ON "orders" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "orders_subject" ON "orders" USING btree ("subject_id","period_index");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_period_paid_once" ON "orders" USING btree ("subject_id","period_index") WHERE kind in ('purchase', 'renewal') and refunded_micros < amount_micros;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_version" ON "plans" USING btree ("code","version");--> statement-breakpoint
CREATE INDEX "subscriptions_tenant" ON "subscriptions" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "subscriptions_due_at" ON "subscriptions" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE INDEX "credits_tenant" ON "credits" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "credits_line" ON "credits" USING btree ("bill_line_id");--> statement-breakpoint
CREATE INDEX "refunds_tenant" ON "refunds" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "refunds_target" ON "refunds" USING btree ("target_id");--> statement-breakpoint
CREATE INDEX "refunds_open" ON "refunds" USING btree ("id") WHERE state in ('requested', 'approved');