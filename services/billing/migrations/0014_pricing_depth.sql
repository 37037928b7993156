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
	"version" bigint NOT NULL,
	CONSTRAINT "period_totals_account_id_period_price_id_discount_id_pk" PRIMARY KEY("account_id","period","price_id","discount_id"),
	CONSTRAINT "period_totals_parts" CHECK ("period_totals"."quantity" >= 0 and "period_totals"."amount_micros" >= 0)
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
ALTER TABLE "bill_lines" DROP CONSTRAINT "bill_lines_parts";--> statement-breakpoint
ALTER TABLE "charges" DROP CONSTRAINT "charges_parts";--> statement-breakpoint
DROP INDEX "bill_lines_resource";--> statement-breakpoint
DROP INDEX "charges_usage";--> statement-breakpoint
DROP INDEX "prices_version";--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "discount_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "discount_basis_points" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "period" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "fact_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "base_quantity" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "usage_from" timestamp (3) with time zone DEFAULT 'epoch' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "usage_to" timestamp (3) with time zone DEFAULT 'epoch' NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "day" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "account_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "model" jsonb DEFAULT '{"kind":"unit"}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "fact_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "superseded_by" text;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "refused_quantity" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "waits_for" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "commitments_account" ON "commitments" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "discounts_account" ON "discounts" USING btree ("account_id","effective_from");--> statement-breakpoint
CREATE INDEX "quotes_tenant" ON "quotes" USING btree ("account_id","workspace_id","id");--> statement-breakpoint
CREATE INDEX "charges_fact" ON "charges" USING btree ("fact_id") WHERE fact_id <> usage_id or revision > 0;--> statement-breakpoint
CREATE INDEX "usage_waits" ON "usage_events" USING btree ("waits_for") WHERE state = 'parked';--> statement-breakpoint
CREATE INDEX "usage_fact" ON "usage_events" USING btree ("fact_id") WHERE fact_id <> usage_id;--> statement-breakpoint
CREATE UNIQUE INDEX "bill_lines_resource" ON "bill_lines" USING btree ("account_id","source_kind","source_id","meter","region","item","price_id","workspace_id","sub_account_id","discount_id","period");--> statement-breakpoint
CREATE UNIQUE INDEX "charges_usage" ON "charges" USING btree ("usage_id","meter","bill_line_id","day","revision");--> statement-breakpoint
CREATE UNIQUE INDEX "prices_version" ON "prices" USING btree ("meter","region","item","account_id","version");--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_unit_parts" CHECK ("bill_lines"."period" <> '' or "bill_lines"."written_off_micros" between 0 and "bill_lines"."amount_micros");--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_parts" CHECK ("bill_lines"."quantity" >= 0);--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_parts" CHECK (("charges"."held_micros" >= 0 and "charges"."wallet_micros" >= 0 and "charges"."written_off_micros" >= 0)
        or ("charges"."held_micros" <= 0 and "charges"."wallet_micros" <= 0 and "charges"."written_off_micros" <= 0));