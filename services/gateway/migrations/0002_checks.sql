-- What no bug of the service may write, and what nobody may rewrite.

ALTER TABLE "members" ADD CONSTRAINT "members_role_known" CHECK ("role" IN ('owner', 'admin', 'developer', 'viewer'));--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_secret_is_a_hash" CHECK ("secret_sha256" ~ '^[0-9a-f]{64}$');--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_limited" CHECK ("requests_per_minute" > 0);--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_of_member_or_job" CHECK (
  ("kind" = 'api' AND "member_id" IS NOT NULL AND "job_id" IS NULL)
  OR ("kind" = 'job' AND "member_id" IS NULL AND "job_id" IS NOT NULL AND "epoch" IS NOT NULL AND "expires_at" IS NOT NULL)
);--> statement-breakpoint
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_result_known" CHECK ("result" IN ('started', 'succeeded', 'refused', 'failed'));--> statement-breakpoint

-- A row of the audit log is finished once, and that is all that ever happens to it.
CREATE FUNCTION audit_events_only_finish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.result = 'started' AND NEW.result <> 'started'
    AND (to_jsonb(NEW) - 'result' - 'http_status' - 'problem_code') = (to_jsonb(OLD) - 'result' - 'http_status' - 'problem_code')
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER audit_events_only_finish BEFORE UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION audit_events_only_finish();--> statement-breakpoint
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_only_finish();
