ALTER TABLE "charges" DROP CONSTRAINT "charges_payers";--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "refunded_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD COLUMN "credited_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "refunded_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "charges" ADD COLUMN "credited_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "period_totals" ADD COLUMN "refunded_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "period_totals" ADD COLUMN "credited_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- What came back before these columns were there.
UPDATE bill_lines line SET
  refunded_micros = greatest(least(back.refunded, line.amount_micros - line.written_off_micros), 0),
  credited_micros = greatest(least(back.credited, line.amount_micros - line.written_off_micros - back.refunded), 0)
FROM (
  SELECT id,
    coalesce((SELECT sum(amount_micros) FROM refunds WHERE target_kind = 'bill_line' AND target_id = lines.id), 0) AS refunded,
    coalesce((SELECT sum(amount_micros) FROM credits WHERE bill_line_id = lines.id), 0) AS credited
  FROM bill_lines lines
) back
WHERE back.id = line.id AND back.refunded + back.credited > 0;--> statement-breakpoint
UPDATE period_totals total SET refunded_micros = back.refunded, credited_micros = back.credited
FROM (
  SELECT account_id, price_id, discount_id, period, sum(refunded_micros) AS refunded, sum(credited_micros) AS credited
  FROM bill_lines WHERE period <> '' GROUP BY account_id, price_id, discount_id, period
) back
WHERE (total.account_id, total.price_id, total.discount_id, total.period)
    = (back.account_id, back.price_id, back.discount_id, back.period)
  AND back.refunded + back.credited > 0;--> statement-breakpoint
ALTER TABLE "bill_lines" ADD CONSTRAINT "bill_lines_returned" CHECK ("bill_lines"."period" <> '' or ("bill_lines"."refunded_micros" >= 0 and "bill_lines"."credited_micros" >= 0
        and "bill_lines"."written_off_micros" + "bill_lines"."refunded_micros" + "bill_lines"."credited_micros" <= "bill_lines"."amount_micros"));--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_returned" CHECK ("charges"."refunded_micros" <= 0 and "charges"."credited_micros" <= 0);--> statement-breakpoint
ALTER TABLE "charges" ADD CONSTRAINT "charges_payers" CHECK ("charges"."held_micros" + "charges"."wallet_micros" + "charges"."written_off_micros" + "charges"."refunded_micros" + "charges"."credited_micros" = "charges"."amount_micros");--> statement-breakpoint
ALTER TABLE "period_totals" ADD CONSTRAINT "period_totals_returned" CHECK ("period_totals"."refunded_micros" >= 0 and "period_totals"."credited_micros" >= 0
        and "period_totals"."written_off_micros" + "period_totals"."refunded_micros" + "period_totals"."credited_micros" <= "period_totals"."amount_micros");