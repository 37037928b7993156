CREATE TABLE "account_standings" (
	"account_id" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "account_standings_suspended" ON "account_standings" USING btree ("account_id") WHERE state in ('suspended', 'deleting');