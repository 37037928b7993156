DROP INDEX "usage_charged_fact";--> statement-breakpoint
ALTER TABLE "usage_events" DROP COLUMN "fact_key";