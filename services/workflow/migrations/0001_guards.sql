-- A version that runs are pinned to never changes.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is never changed or deleted', tg_table_name USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER definition_is_immutable BEFORE UPDATE OR DELETE ON definition
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A decision is taken once, whatever the code above it does.
CREATE FUNCTION decide_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF old.status <> 'open' THEN
    RAISE EXCEPTION 'human task % is %', old.id, old.status USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN new;
END $$;
--> statement-breakpoint
CREATE TRIGGER human_task_is_decided_once BEFORE UPDATE ON human_task
  FOR EACH ROW EXECUTE FUNCTION decide_once();
--> statement-breakpoint
-- What an older revision gave stays as it was: a superseded step changes no more.
CREATE FUNCTION keep_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF old.status = 'superseded' AND (new.status <> 'superseded' OR new.output IS DISTINCT FROM old.output) THEN
    RAISE EXCEPTION 'step % is superseded', old.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN new;
END $$;
--> statement-breakpoint
CREATE TRIGGER step_lineage_is_kept BEFORE UPDATE ON step FOR EACH ROW EXECUTE FUNCTION keep_superseded();
--> statement-breakpoint
ALTER TABLE run ADD CONSTRAINT run_status_known
  CHECK (status IN ('pending', 'running', 'waiting', 'completed', 'faulted', 'cancelled'));
--> statement-breakpoint
ALTER TABLE run ADD CONSTRAINT run_ended_is_dated
  CHECK ((status IN ('completed', 'faulted', 'cancelled')) = (finished_at IS NOT NULL));
--> statement-breakpoint
ALTER TABLE run ADD CONSTRAINT run_completed_has_output CHECK (status <> 'completed' OR output IS NOT NULL);
--> statement-breakpoint
ALTER TABLE step ADD CONSTRAINT step_status_known
  CHECK (status IN ('ready', 'running', 'waiting', 'review', 'completed', 'skipped', 'faulted', 'cancelled', 'superseded'));
--> statement-breakpoint
-- Whatever is ready or is being worked on is looked at again: nothing can be forgotten.
ALTER TABLE step ADD CONSTRAINT step_ready_is_due CHECK (status <> 'ready' OR (due_at IS NOT NULL AND resume IS NOT NULL));
--> statement-breakpoint
ALTER TABLE step ADD CONSTRAINT step_running_is_due CHECK (status <> 'running' OR is_frame OR due_at IS NOT NULL);
--> statement-breakpoint
ALTER TABLE step ADD CONSTRAINT step_ended_is_not_due
  CHECK (status IN ('ready', 'running', 'waiting', 'review') OR due_at IS NULL);
--> statement-breakpoint
ALTER TABLE human_task ADD CONSTRAINT human_task_status_known
  CHECK (status IN ('open', 'decided', 'expired', 'withdrawn'));
--> statement-breakpoint
ALTER TABLE human_task ADD CONSTRAINT human_task_decision_is_whole
  CHECK ((status = 'decided') = (action IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL));
