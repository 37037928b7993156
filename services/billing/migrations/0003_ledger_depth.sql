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
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_kind";--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_hold";--> statement-breakpoint
ALTER TABLE "entries" DROP CONSTRAINT "entries_transfer_id_transfers_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_hold_id_holds_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" ADD COLUMN "reversal_of" text;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_reversal_of" ON "transfers" USING btree ("reversal_of") WHERE reversal_of is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_position" ON "transfers" USING btree ("position");--> statement-breakpoint
CREATE INDEX "transfers_by_hold" ON "transfers" USING btree ("hold_id") WHERE hold_id is not null;--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_reversal" CHECK (("transfers"."kind" = 'reversal') = ("transfers"."reversal_of" is not null));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_kind" CHECK ("transfers"."kind" in ('post', 'pending', 'post_pending', 'void_pending', 'reversal'));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_hold" CHECK (("transfers"."kind" in ('post', 'reversal')) = ("transfers"."hold_id" is null));