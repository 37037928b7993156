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
DROP INDEX "recharges_serial";--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_product" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_item" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "scope_region" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "lot_shares" jsonb;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_remaining_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_reserved_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "status" text NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "reference" text NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "provider_id" text NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "instructions" jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "reason" text NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "received_micros" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "refunded_micros" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "disputed_micros" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "expires_at" timestamp (3) with time zone NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "next_check_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "check_count" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "version" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "recharges" ADD COLUMN "updated_at" timestamp (3) with time zone NOT NULL;--> statement-breakpoint
ALTER TABLE "credit_lots" ADD CONSTRAINT "credit_lots_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfer_lots" ADD CONSTRAINT "transfer_lots_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfer_lots" ADD CONSTRAINT "transfer_lots_lot_id_credit_lots_id_fk" FOREIGN KEY ("lot_id") REFERENCES "public"."credit_lots"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_codes" ADD CONSTRAINT "voucher_codes_batch_id_voucher_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."voucher_batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_redemptions" ADD CONSTRAINT "voucher_redemptions_code_hash_voucher_codes_code_hash_fk" FOREIGN KEY ("code_hash") REFERENCES "public"."voucher_codes"("code_hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voucher_redemptions" ADD CONSTRAINT "voucher_redemptions_lot_id_credit_lots_id_fk" FOREIGN KEY ("lot_id") REFERENCES "public"."credit_lots"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharge_movements" ADD CONSTRAINT "recharge_movements_recharge_id_recharges_id_fk" FOREIGN KEY ("recharge_id") REFERENCES "public"."recharges"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recharge_movements" ADD CONSTRAINT "recharge_movements_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "credit_lots_tenant" ON "credit_lots" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "credit_lots_live" ON "credit_lots" USING btree ("wallet_id") WHERE remaining_micros > 0;--> statement-breakpoint
CREATE INDEX "credit_lots_due" ON "credit_lots" USING btree ("expires_at") WHERE remaining_micros > reserved_micros and expires_at is not null;--> statement-breakpoint
CREATE INDEX "credit_lots_to_warn" ON "credit_lots" USING btree ("expires_at") WHERE remaining_micros > 0 and warned_at is null and expires_at is not null;--> statement-breakpoint
CREATE INDEX "transfer_lots_by_lot" ON "transfer_lots" USING btree ("lot_id","transfer_id");--> statement-breakpoint
CREATE INDEX "transfer_lots_by_reference" ON "transfer_lots" USING btree ("reference");--> statement-breakpoint
CREATE INDEX "voucher_codes_batch" ON "voucher_codes" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "voucher_redemptions_account" ON "voucher_redemptions" USING btree ("account_id","batch_id");--> statement-breakpoint
CREATE UNIQUE INDEX "incoming_payments_serial" ON "incoming_payments" USING btree ("channel","serial_number");--> statement-breakpoint
CREATE INDEX "incoming_payments_unmatched" ON "incoming_payments" USING btree ("id") WHERE state = 'unmatched';--> statement-breakpoint
CREATE UNIQUE INDEX "recharge_movements_serial" ON "recharge_movements" USING btree ("channel","serial_number");--> statement-breakpoint
CREATE INDEX "recharge_movements_recharge" ON "recharge_movements" USING btree ("recharge_id");--> statement-breakpoint
CREATE UNIQUE INDEX "recharges_reference" ON "recharges" USING btree ("channel","reference");--> statement-breakpoint
CREATE UNIQUE INDEX "recharges_provider" ON "recharges" USING btree ("channel","provider_id") WHERE provider_id <> '';--> statement-breakpoint
CREATE INDEX "recharges_tenant" ON "recharges" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "recharges_due" ON "recharges" USING btree ("next_check_at") WHERE next_check_at is not null;--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_status" CHECK ("recharges"."status" in ('created', 'pending', 'succeeded', 'failed', 'expired'));--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_amounts" CHECK ("recharges"."amount_micros" > 0 and "recharges"."received_micros" >= 0);--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_taken_back" CHECK ("recharges"."refunded_micros" >= 0 and "recharges"."disputed_micros" >= 0);--> statement-breakpoint
ALTER TABLE "recharges" ADD CONSTRAINT "recharges_succeeded" CHECK (("recharges"."status" = 'succeeded') = ("recharges"."received_micros" > 0));