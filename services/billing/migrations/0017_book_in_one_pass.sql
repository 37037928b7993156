-- Each wallet is looked up twice, to lock and to move it, instead of four times; a batch is one statement. No plan may read
-- a whole table of wallets for the sake of a batch, however the statistics stand.
CREATE OR REPLACE FUNCTION book_transfers() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  strangers bigint;
  currencies bigint;
BEGIN
  IF EXISTS (
    SELECT FROM fresh t
    WHERE t.hold_id IS NOT NULL AND NOT EXISTS (SELECT FROM holds WHERE holds.id = t.hold_id)
  ) THEN
    RAISE EXCEPTION 'a transfer names a hold that does not exist' USING ERRCODE = 'foreign_key_violation';
  END IF;

  -- A reversal mirrors a payment, whole; that it happens once is a unique index, that it is not one of a reversal is here.
  IF EXISTS (
    SELECT FROM fresh t LEFT JOIN transfers paid ON paid.id = t.reversal_of
    WHERE t.kind = 'reversal' AND (paid.kind IS DISTINCT FROM 'post' OR paid.from_account_id <> t.to_account_id
      OR paid.to_account_id <> t.from_account_id OR paid.amount_micros <> t.amount_micros)
  ) THEN
    RAISE EXCEPTION 'a reversal pays back one payment, whole' USING ERRCODE = 'check_violation';
  END IF;

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
  ), locked AS MATERIALIZED (
    SELECT id, currency, sequence, posted_micros FROM wallets
    WHERE id IN (SELECT account_id FROM legs) ORDER BY id FOR NO KEY UPDATE
  ), written AS (
    INSERT INTO entries
      (transfer_id, account_id, sequence, posted_micros, pending_micros, posted_after_micros, created_at)
    SELECT legs.id, legs.account_id, locked.sequence + row_number() OVER so_far, legs.posted, legs.pending,
      locked.posted_micros + sum(legs.posted) OVER so_far, legs.created_at
    FROM legs LEFT JOIN locked ON locked.id = legs.account_id
    WINDOW so_far AS (PARTITION BY legs.account_id ORDER BY legs.position ROWS UNBOUNDED PRECEDING)
    RETURNING account_id, sequence, posted_micros, pending_micros
  ), moved AS (
    SELECT account_id, sum(posted_micros)::bigint AS posted, sum(pending_micros)::bigint AS pending, count(*) AS entries
    FROM written WHERE sequence IS NOT NULL GROUP BY account_id
  ), balanced AS (
    UPDATE wallets SET
      posted_micros = wallets.posted_micros + moved.posted,
      pending_micros = wallets.pending_micros - moved.pending,
      sequence = wallets.sequence + moved.entries
    FROM moved WHERE wallets.id = moved.account_id
  ), others AS MATERIALIZED (
    SELECT DISTINCT account_id FROM legs WHERE account_id NOT IN (SELECT id FROM locked)
  ), known AS (
    SELECT accounts.currency FROM others LEFT JOIN accounts ON accounts.id = others.account_id
    UNION ALL
    SELECT currency FROM locked
  )
  SELECT count(*) FILTER (WHERE currency IS NULL), count(DISTINCT currency) INTO strangers, currencies FROM known;
  IF strangers > 0 OR currencies > 1 THEN
    RAISE EXCEPTION 'a transfer names an account that does not exist, or two currencies'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
