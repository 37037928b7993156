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
ALTER TABLE "wallets" ADD COLUMN "standing_state" text DEFAULT 'ok' NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_next_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "standing_version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "has_budgets" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "budget_counters" ADD CONSTRAINT "budget_counters_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budgets_of_account" ON "budgets" USING btree ("account_id","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "wallets_standing_due" ON "wallets" USING btree ("standing_next_at") WHERE standing_next_at is not null;--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_standing" CHECK ("wallets"."standing_state" in ('ok', 'warned', 'grace', 'suspended', 'deleting'));