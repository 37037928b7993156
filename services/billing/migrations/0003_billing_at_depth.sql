CREATE TABLE "budget_counters" (
	"budget_id" text NOT NULL,
	"window_kind" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"spent_micros" bigint NOT NULL,
	"told_percents" integer[] NOT NULL,
	CONSTRAINT "budget_counters_budget_id_window_kind_starts_at_pk" PRIMARY KEY("budget_id","window_kind","starts_at"),
	CONSTRAINT "budget_counters_window" CHECK ("budget_counters"."window_kind" in ('day', 'week', 'month', 'total')),
	CONSTRAINT "budget_counters_ends" CHECK (("budget_counters"."window_kind" = 'total') = ("budget_counters"."ends_at" is null))
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"scope_kind" text NOT NULL,
	"scope_id" text NOT NULL,
	"day_micros" bigint,
	"week_micros" bigint,
	"month_micros" bigint,
	"total_micros" bigint,
	"zone" text NOT NULL,
	"is_hard" boolean NOT NULL,
	"thresholds" integer[] NOT NULL,
	"reserved_micros" bigint NOT NULL,
	"status" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "budgets_reserved" CHECK ("budgets"."reserved_micros" >= 0),
	CONSTRAINT "budgets_limits" CHECK (least("budgets"."day_micros", "budgets"."week_micros", "budgets"."month_micros", "budgets"."total_micros") > 0),
	CONSTRAINT "budgets_scope" CHECK (("budgets"."scope_kind" = 'account') = ("budgets"."scope_id" = '')),
	CONSTRAINT "budgets_status" CHECK ("budgets"."status" in ('active', 'deleted'))
);
--> statement-breakpoint
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
CREATE TABLE "ledger_seals" (
	"number" bigint PRIMARY KEY NOT NULL,
	"first_position" bigint NOT NULL,
	"last_position" bigint NOT NULL,
	"transfer_count" integer NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	"sealed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ledger_seals_range" CHECK ("ledger_seals"."last_position" >= "ledger_seals"."first_position" and "ledger_seals"."transfer_count" > 0)
);
--> statement-breakpoint
CREATE TABLE "credit_lots" (
	"id" text PRIMARY KEY NOT NULL,
	"wallet_id" text NOT NULL,
	"account_id" text NOT NULL,
	"kind" text NOT NULL,
	"priority" integer NOT NULL,
	"effective_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"products" text[] NOT NULL,
	"items" text[] NOT NULL,
	"regions" text[] NOT NULL,
	"granted_micros" bigint NOT NULL,
	"remaining_micros" bigint DEFAULT 0 NOT NULL,
	"reserved_micros" bigint DEFAULT 0 NOT NULL,
	"broken_micros" bigint DEFAULT 0 NOT NULL,
	"reason" text NOT NULL,
	"reference" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"warned_at" timestamp (3) with time zone,
	CONSTRAINT "credit_lots_kind" CHECK ("credit_lots"."kind" in ('promotional', 'voucher', 'compensation')),
	CONSTRAINT "credit_lots_priority" CHECK ("credit_lots"."priority" between 1 and 50),
	CONSTRAINT "credit_lots_times" CHECK ("credit_lots"."expires_at" is null or "credit_lots"."expires_at" > "credit_lots"."effective_at"),
	CONSTRAINT "credit_lots_parts" CHECK ("credit_lots"."reserved_micros" >= 0 and "credit_lots"."reserved_micros" <= "credit_lots"."remaining_micros" and "credit_lots"."remaining_micros" <= "credit_lots"."granted_micros" and "credit_lots"."granted_micros" > 0 and "credit_lots"."broken_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "transfer_lots" (
	"transfer_id" text NOT NULL,
	"lot_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"reference" text NOT NULL,
	CONSTRAINT "transfer_lots_transfer_id_lot_id_pk" PRIMARY KEY("transfer_id","lot_id"),
	CONSTRAINT "transfer_lots_amount" CHECK ("transfer_lots"."amount_micros" > 0)
);
--> statement-breakpoint
CREATE TABLE "voucher_attempts" (
	"account_id" text PRIMARY KEY NOT NULL,
	"window_from" timestamp (3) with time zone NOT NULL,
	"failures" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "voucher_batches" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"code_count" integer NOT NULL,
	"redemptions_per_code" integer NOT NULL,
	"max_per_account" integer NOT NULL,
	"redeem_from" timestamp (3) with time zone NOT NULL,
	"redeem_until" timestamp (3) with time zone,
	"credit_valid_days" integer,
	"priority" integer NOT NULL,
	"applicability" jsonb NOT NULL,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"withdrawn_at" timestamp (3) with time zone,
	CONSTRAINT "voucher_batches_counts" CHECK ("voucher_batches"."amount_micros" > 0 and "voucher_batches"."code_count" > 0 and "voucher_batches"."redemptions_per_code" > 0 and "voucher_batches"."max_per_account" > 0),
	CONSTRAINT "voucher_batches_times" CHECK ("voucher_batches"."redeem_until" is null or "voucher_batches"."redeem_until" > "voucher_batches"."redeem_from")
);
--> statement-breakpoint
CREATE TABLE "voucher_codes" (
	"code_hash" text PRIMARY KEY NOT NULL,
	"batch_id" text NOT NULL,
	"max_redemptions" integer NOT NULL,
	"redemptions" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "voucher_codes_never_exceeded" CHECK ("voucher_codes"."redemptions" between 0 and "voucher_codes"."max_redemptions")
);
--> statement-breakpoint
CREATE TABLE "voucher_redemptions" (
	"code_hash" text NOT NULL,
	"account_id" text NOT NULL,
	"batch_id" text NOT NULL,
	"lot_id" text NOT NULL,
	"redeemed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "voucher_redemptions_code_hash_account_id_pk" PRIMARY KEY("code_hash","account_id")
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
CREATE TABLE "commitments" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"monthly_micros" bigint NOT NULL,
	"from_month" text NOT NULL,
	"until_month" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "commitments_positive" CHECK ("commitments"."monthly_micros" > 0)
);
--> statement-breakpoint
CREATE TABLE "discounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"meter" text NOT NULL,
	"region" text NOT NULL,
	"item" text NOT NULL,
	"basis_points" integer NOT NULL,
	"effective_from" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "discounts_part" CHECK ("discounts"."basis_points" between 0 and 10000)
);
--> statement-breakpoint
CREATE TABLE "fences" (
	"source_kind" text NOT NULL,
	"source_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"fenced_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "fences_source_id_epoch_source_kind_pk" PRIMARY KEY("source_id","epoch","source_kind")
);
--> statement-breakpoint
CREATE TABLE "period_totals" (
	"account_id" text NOT NULL,
	"price_id" text NOT NULL,
	"discount_id" text NOT NULL,
	"period" text NOT NULL,
	"quantity" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"written_off_micros" bigint NOT NULL,
	"refunded_micros" bigint DEFAULT 0 NOT NULL,
	"credited_micros" bigint DEFAULT 0 NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "period_totals_account_id_period_price_id_discount_id_pk" PRIMARY KEY("account_id","period","price_id","discount_id"),
	CONSTRAINT "period_totals_parts" CHECK ("period_totals"."quantity" >= 0 and "period_totals"."amount_micros" >= 0),
	CONSTRAINT "period_totals_returned" CHECK ("period_totals"."refunded_micros" >= 0 and "period_totals"."credited_micros" >= 0
        and "period_totals"."written_off_micros" + "period_totals"."refunded_micros" + "period_totals"."credited_micros" <= "period_totals"."amount_micros")
);
--> statement-breakpoint
CREATE TABLE "quotes" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_account_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"principal_id" text NOT NULL,
	"lines" jsonb NOT NULL,
	"hold_micros" bigint NOT NULL,
	"expected_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"valid_until" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "debts" (
	"account_id" text PRIMARY KEY NOT NULL,
	"owed_micros" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "debts_owed" CHECK ("debts"."owed_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "incoming_payments" (
	"id" text PRIMARY KEY NOT NULL,
	"channel" text NOT NULL,
	"serial_number" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"payer" text NOT NULL,
	"note" text NOT NULL,
	"booked_at" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"recharge_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "incoming_payments_state" CHECK ("incoming_payments"."state" in ('booked', 'unmatched')),
	CONSTRAINT "incoming_payments_booked" CHECK (("incoming_payments"."state" = 'booked') = ("incoming_payments"."reason" = ''))
);
--> statement-breakpoint
CREATE TABLE "recharge_movements" (
	"id" text PRIMARY KEY NOT NULL,
	"recharge_id" text NOT NULL,
	"wallet_id" text NOT NULL,
	"channel" text NOT NULL,
	"serial_number" text NOT NULL,
	"kind" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"wallet_micros" bigint NOT NULL,
	"owed_micros" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "recharge_movements_amount" CHECK ("recharge_movements"."amount_micros" > 0),
	CONSTRAINT "recharge_movements_parts" CHECK ("recharge_movements"."wallet_micros" >= 0 and "recharge_movements"."owed_micros" >= 0),
	CONSTRAINT "recharge_movements_sum" CHECK ("recharge_movements"."wallet_micros" + "recharge_movements"."owed_micros" = "recharge_movements"."amount_micros"
        or ("recharge_movements"."wallet_micros" + "recharge_movements"."owed_micros" = 0 and "recharge_movements"."kind" in ('refund', 'refund_returned')))
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
ALTER TABLE "bill_lines" DROP CONSTRAINT "bill_lines_parts";--> statement-breakpoint
ALTER TABLE "charges" DROP CONSTRAINT "charges_payers";--> statement-breakpoint
ALTER TABLE "charges" DROP CONSTRAINT "charges_parts";--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_kind";--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_hold";--> statement-breakpoint
ALTER TABLE "entries" DROP CONSTRAINT "entries_transfer_id_transfers_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_hold_id_holds_id_fk";
--> statement-breakpoint
DROP INDEX "recharges_serial";--> statement-breakpoint
DROP INDEX "bill_lines_resource";--> statement-breakpoint
DROP INDEX "charges_usage";--> statement-breakpoint
DROP INDEX "prices_version";--> statement-breakpoint
ALTER TABLE "entries" DROP CONSTRAINT "entries_transfer_id_account_id_pk";--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "refunded_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "credited_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "discount_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "discount_basis_points" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "period" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "fact_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "base_quantity" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "usage_from" timestamp (3) with time zone DEFAULT 'epoch' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "usage_to" timestamp (3) with time zone DEFAULT 'epoch' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "day" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "refunded_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "credited_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_product" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_item" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_region" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "lot_shares" jsonb;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "account_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "model" jsonb DEFAULT '{"kind":"unit"}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "status" text;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "provider_id" text;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "instructions" jsonb;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "received_micros" bigint;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "refunded_micros" bigint;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "disputed_micros" bigint;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "next_check_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "check_count" integer;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "version" bigint;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "updated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "transfers" ADD COLUMN "reversal_of" text;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "fact_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "superseded_by" text;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "refused_quantity" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "waits_for" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_remaining_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_reserved_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_state" text DEFAULT 'ok' NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_next_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "has_budgets" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "has_debt" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "budget_counters" ADD CONSTRAINT "budget_counters_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoiced_items" ADD CONSTRAINT "invoiced_items_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statements" ADD CONSTRAINT "statements_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_lots" ADD CONSTRAINT "credit_lots_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfer_lots" ADD CONSTRAINT "transfer_lots_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfer_lots" ADD CONSTRAINT "transfer_lots_lot_id_credit_lots_id_fk" FOREIGN KEY ("lot_id") REFERENCES "public"."credit_lots"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_codes" ADD CONSTRAINT "voucher_codes_batch_id_voucher_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."voucher_batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_redemptions" ADD CONSTRAINT "voucher_redemptions_code_hash_voucher_codes_code_hash_fk" FOREIGN KEY ("code_hash") REFERENCES "public"."voucher_codes"("code_hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_redemptions" ADD CONSTRAINT "voucher_redemptions_lot_id_credit_lots_id_fk" FOREIGN KEY ("lot_id") REFERENCES "public"."credit_lots"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renewal_attempts" ADD CONSTRAINT "renewal_attempts_subscription_id_subscriptions_id_fk" FOREIGN KEY ("subscription_id") REFERENCES "public"."subscriptions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharge_movements" ADD CONSTRAINT "recharge_movements_recharge_id_recharges_id_fk" FOREIGN KEY ("recharge_id") REFERENCES "public"."recharges"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharge_movements" ADD CONSTRAINT "recharge_movements_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credited_charges" ADD CONSTRAINT "credited_charges_credit_id_credits_id_fk" FOREIGN KEY ("credit_id") REFERENCES "public"."credits"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budgets_of_account" ON "budgets" USING btree ("account_id","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "invoice_lines_reference" ON "invoice_lines" USING btree ("reference_id");--> statement-breakpoint
CREATE INDEX "invoiced_items_invoice" ON "invoiced_items" USING btree ("invoice_id");--> statement-breakpoint
CREATE INDEX "invoices_account" ON "invoices" USING btree ("account_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "statements_month" ON "statements" USING btree ("account_id","month");--> statement-breakpoint
CREATE INDEX "credit_lots_tenant" ON "credit_lots" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "credit_lots_live" ON "credit_lots" USING btree ("wallet_id") WHERE remaining_micros > 0;--> statement-breakpoint
CREATE INDEX "credit_lots_due" ON "credit_lots" USING btree ("expires_at") WHERE remaining_micros > reserved_micros and expires_at is not null;--> statement-breakpoint
CREATE INDEX "credit_lots_to_warn" ON "credit_lots" USING btree ("expires_at") WHERE remaining_micros > 0 and warned_at is null and expires_at is not null;--> statement-breakpoint
CREATE INDEX "transfer_lots_by_lot" ON "transfer_lots" USING btree ("lot_id","transfer_id");--> statement-breakpoint
CREATE INDEX "transfer_lots_by_reference" ON "transfer_lots" USING btree ("reference");--> statement-breakpoint
CREATE INDEX "voucher_codes_batch" ON "voucher_codes" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "voucher_redemptions_account" ON "voucher_redemptions" USING btree ("account_id","batch_id");--> statement-breakpoint
CREATE INDEX "orders_tenant" ON "orders" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "orders_subject" ON "orders" USING btree ("subject_id","period_index");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_period_paid_once" ON "orders" USING btree ("subject_id","period_index") WHERE kind in ('purchase', 'renewal') and refunded_micros < amount_micros;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_version" ON "plans" USING btree ("code","version");--> statement-breakpoint
CREATE INDEX "subscriptions_tenant" ON "subscriptions" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "subscriptions_due_at" ON "subscriptions" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE INDEX "commitments_account" ON "commitments" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "discounts_account" ON "discounts" USING btree ("account_id","effective_from");--> statement-breakpoint
CREATE INDEX "quotes_tenant" ON "quotes" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "incoming_payments_serial" ON "incoming_payments" USING btree ("channel","serial_number");--> statement-breakpoint
CREATE INDEX "incoming_payments_unmatched" ON "incoming_payments" USING btree ("id") WHERE state = 'unmatched';--> statement-breakpoint
CREATE UNIQUE INDEX "recharge_movements_serial" ON "recharge_movements" USING btree ("channel","serial_number");--> statement-breakpoint
CREATE INDEX "recharge_movements_recharge" ON "recharge_movements" USING btree ("recharge_id");--> statement-breakpoint
CREATE INDEX "credits_tenant" ON "credits" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "credits_line" ON "credits" USING btree ("bill_line_id");--> statement-breakpoint
CREATE INDEX "refunds_tenant" ON "refunds" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "refunds_target" ON "refunds" USING btree ("target_id");--> statement-breakpoint
CREATE INDEX "refunds_open" ON "refunds" USING btree ("id") WHERE state in ('requested', 'approved');--> statement-breakpoint
CREATE INDEX "charges_fact" ON "charges" USING btree ("fact_id") WHERE fact_id <> usage_id or revision > 0;--> statement-breakpoint
CREATE UNIQUE INDEX "recharges_reference" ON "recharges" USING btree ("channel","reference");--> statement-breakpoint
CREATE UNIQUE INDEX "recharges_provider" ON "recharges" USING btree ("channel","provider_id") WHERE provider_id <> '';--> statement-breakpoint
CREATE INDEX "recharges_tenant" ON "recharges" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "recharges_due" ON "recharges" USING btree ("next_check_at") WHERE next_check_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_reversal_of" ON "transfers" USING btree ("reversal_of") WHERE reversal_of is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_position" ON "transfers" USING btree ("position");--> statement-breakpoint
CREATE INDEX "transfers_by_hold" ON "transfers" USING btree ("hold_id") WHERE hold_id is not null;--> statement-breakpoint
CREATE INDEX "usage_waits" ON "usage_events" USING btree ("waits_for") WHERE state = 'parked';--> statement-breakpoint
CREATE INDEX "usage_fact" ON "usage_events" USING btree ("fact_id") WHERE fact_id <> usage_id;--> statement-breakpoint
CREATE INDEX "wallets_standing_due" ON "wallets" USING btree ("standing_next_at") WHERE standing_next_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "bill_lines_resource" ON "bill_lines" USING btree ("account_id","source_kind","source_id","meter","region","item","price_id","workspace_id","sub_account_id","discount_id","period");--> statement-breakpoint
CREATE UNIQUE INDEX "charges_usage" ON "charges" USING btree ("usage_id","meter","bill_line_id","day","revision");--> statement-breakpoint
CREATE UNIQUE INDEX "prices_version" ON "prices" USING btree ("meter","region","item","account_id","version");--> statement-breakpoint
-- What was there before: recharges were booked at once, a charge was of one usage and stood on one day, holds were for what
-- their purpose says.
DROP TRIGGER recharges_append_only ON recharges;--> statement-breakpoint
UPDATE recharges SET status = 'succeeded', reference = id, provider_id = '', instructions = '{}', reason = '',
  received_micros = amount_micros, refunded_micros = 0, disputed_micros = 0, expires_at = created_at, check_count = 0,
  version = 1, updated_at = created_at;--> statement-breakpoint
INSERT INTO recharge_movements
  (id, recharge_id, wallet_id, channel, serial_number, kind, amount_micros, wallet_micros, owed_micros, created_at)
SELECT 'mov_of_' || id, id, wallet_id, channel, serial_number, 'receipt', amount_micros, amount_micros, 0, created_at
FROM recharges;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "status" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "reference" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "provider_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "instructions" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "reason" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "received_micros" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "refunded_micros" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "disputed_micros" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "expires_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "check_count" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "version" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ALTER COLUMN "updated_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE charges DISABLE TRIGGER charges_append_only;--> statement-breakpoint
UPDATE charges SET fact_id = charges.usage_id,
  usage_from = to_timestamp((usage.body ->> 'from')::numeric / 1000), usage_to = to_timestamp((usage.body ->> 'to')::numeric / 1000),
  day = to_char(to_timestamp((usage.body ->> 'from')::numeric / 1000) AT TIME ZONE 'UTC' + interval '8 hours', 'YYYY-MM-DD')
FROM usage_events usage WHERE usage.usage_id = charges.usage_id;--> statement-breakpoint
ALTER TABLE charges ENABLE TRIGGER charges_append_only;--> statement-breakpoint
UPDATE usage_events SET fact_id = usage_id;--> statement-breakpoint
UPDATE holds SET scope_product = purpose_kind;--> statement-breakpoint
ALTER TABLE "recharges" DROP COLUMN "serial_number";--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_unit_parts" CHECK ("bill_lines"."period" <> '' or "bill_lines"."written_off_micros" between 0 and "bill_lines"."amount_micros");--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_returned" CHECK ("bill_lines"."period" <> '' or ("bill_lines"."refunded_micros" >= 0 and "bill_lines"."credited_micros" >= 0
        and "bill_lines"."written_off_micros" + "bill_lines"."refunded_micros" + "bill_lines"."credited_micros" <= "bill_lines"."amount_micros"));--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_parts" CHECK ("bill_lines"."quantity" >= 0);--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_returned" CHECK ("charges"."refunded_micros" <= 0 and "charges"."credited_micros" <= 0);--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_payers" CHECK ("charges"."held_micros" + "charges"."wallet_micros" + "charges"."written_off_micros" + "charges"."refunded_micros" + "charges"."credited_micros" = "charges"."amount_micros");--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_parts" CHECK (("charges"."held_micros" >= 0 and "charges"."wallet_micros" >= 0 and "charges"."written_off_micros" >= 0)
        or ("charges"."held_micros" <= 0 and "charges"."wallet_micros" <= 0 and "charges"."written_off_micros" <= 0));--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_status" CHECK ("recharges"."status" in ('created', 'pending', 'succeeded', 'failed', 'expired'));--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_amounts" CHECK ("recharges"."amount_micros" > 0 and "recharges"."received_micros" >= 0);--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_taken_back" CHECK ("recharges"."refunded_micros" >= 0 and "recharges"."disputed_micros" >= 0);--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_succeeded" CHECK (("recharges"."status" = 'succeeded') = ("recharges"."received_micros" > 0));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_reversal" CHECK (("transfers"."kind" = 'reversal') = ("transfers"."reversal_of" is not null));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_kind" CHECK ("transfers"."kind" in ('post', 'pending', 'post_pending', 'void_pending', 'reversal'));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_hold" CHECK (("transfers"."kind" in ('post', 'reversal')) = ("transfers"."hold_id" is null));--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_standing" CHECK ("wallets"."standing_state" in ('ok', 'warned', 'grace', 'suspended', 'deleting'));