-- Books a set of transfers: two mirrored legs each, so every transfer sums to zero; then the wallets they touch, in one
-- pass. The caller has locked those wallets in id order; locking them here again keeps that true for any other caller.
-- Accounts and holds never go, so a plain look replaces foreign keys, which would share-lock rows on the hot path.
CREATE OR REPLACE FUNCTION book_transfers() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM fresh t
    LEFT JOIN accounts payer ON payer.id = t.from_account_id
    LEFT JOIN accounts payee ON payee.id = t.to_account_id
    LEFT JOIN holds ON holds.id = t.hold_id
    WHERE payer.id IS NULL OR payee.id IS NULL OR payer.currency <> payee.currency
      OR (t.hold_id IS NOT NULL AND holds.id IS NULL)
  ) THEN
    RAISE EXCEPTION 'a transfer names an account or a hold that does not exist, or two currencies'
      USING ERRCODE = 'foreign_key_violation';
  END IF;

  -- A reversal mirrors a payment, whole; that it happens once is a unique index, that it is not one of a reversal is here.
  IF EXISTS (
    SELECT FROM fresh t LEFT JOIN transfers paid ON paid.id = t.reversal_of
    WHERE t.kind = 'reversal' AND (paid.kind IS DISTINCT FROM 'post' OR paid.from_account_id <> t.to_account_id
      OR paid.to_account_id <> t.from_account_id OR paid.amount_micros <> t.amount_micros)
  ) THEN
    RAISE EXCEPTION 'a reversal pays back one payment, whole' USING ERRCODE = 'check_violation';
  END IF;

  PERFORM FROM wallets
  WHERE id IN (SELECT from_account_id FROM fresh UNION SELECT to_account_id FROM fresh)
  ORDER BY id FOR NO KEY UPDATE;

  WITH effects AS (
    SELECT t.*,
      CASE WHEN kind IN ('post', 'post_pending', 'reversal') THEN amount_micros ELSE 0 END AS posted,
      CASE WHEN kind IN ('post', 'reversal') THEN 0 WHEN kind = 'pending' THEN amount_micros ELSE -amount_micros END
        AS pending
    FROM fresh t
  ), legs AS (
    SELECT id, position, created_at, from_account_id AS account_id, -posted AS posted, -pending AS pending FROM effects
    UNION ALL
    SELECT id, position, created_at, to_account_id, posted, pending FROM effects
  ), written AS (
    INSERT INTO entries
      (transfer_id, account_id, sequence, posted_micros, pending_micros, posted_after_micros, created_at)
    SELECT legs.id, legs.account_id, wallets.sequence + row_number() OVER so_far, legs.posted, legs.pending,
      wallets.posted_micros + sum(legs.posted) OVER so_far, legs.created_at
    FROM legs LEFT JOIN wallets ON wallets.id = legs.account_id
    WINDOW so_far AS (PARTITION BY legs.account_id ORDER BY legs.position ROWS UNBOUNDED PRECEDING)
    RETURNING account_id, sequence, posted_micros, pending_micros
  ), moved AS (
    SELECT account_id, sum(posted_micros)::bigint AS posted, sum(pending_micros)::bigint AS pending, count(*) AS entries
    FROM written WHERE sequence IS NOT NULL GROUP BY account_id
  )
  UPDATE wallets SET
    posted_micros = wallets.posted_micros + moved.posted,
    pending_micros = wallets.pending_micros - moved.pending,
    sequence = wallets.sequence + moved.entries
  FROM moved WHERE wallets.id = moved.account_id;
  RETURN NULL;
END $$;
--> statement-breakpoint

-- Whoever books has a transaction id before its first position is drawn: the sealer may then conclude that every position
-- up to one it saw is settled once all transactions that were running at that time have ended.
CREATE FUNCTION begin_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_current_xact_id();
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER transfers_begin BEFORE INSERT ON transfers FOR EACH STATEMENT EXECUTE FUNCTION begin_booking();
--> statement-breakpoint
CREATE TRIGGER ledger_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'ledger_seals' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON ledger_seals FROM %I', service);
  END LOOP;
END $$;
