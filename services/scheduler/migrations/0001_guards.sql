-- Capacity is counted by these triggers alone, so it can neither drift nor be over-committed by any writer.
CREATE FUNCTION count_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF tg_op = 'INSERT' THEN
    UPDATE nodes
    SET used_milli_cpus = used_milli_cpus + new.milli_cpus, used_memory_bytes = used_memory_bytes + new.memory_bytes
    WHERE cluster_id = new.cluster_id AND node_id = new.node_id AND is_present
      AND used_milli_cpus + new.milli_cpus <= milli_cpus AND used_memory_bytes + new.memory_bytes <= memory_bytes;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'node % of % has no room', new.node_id, new.cluster_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'nodes_not_over_committed';
    END IF;
    RETURN new;
  END IF;
  UPDATE nodes
  SET used_milli_cpus = used_milli_cpus - old.milli_cpus, used_memory_bytes = used_memory_bytes - old.memory_bytes
  WHERE cluster_id = old.cluster_id AND node_id = old.node_id;
  RETURN old;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_reservation AFTER INSERT OR DELETE ON reservations
  FOR EACH ROW EXECUTE FUNCTION count_reservation();
--> statement-breakpoint
CREATE FUNCTION count_gpu_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF tg_op = 'INSERT' THEN
    UPDATE gpus SET used_milli = used_milli + new.milli_gpus
    WHERE cluster_id = new.cluster_id AND gpu_id = new.gpu_id AND is_present AND is_healthy
      AND used_milli + new.milli_gpus <= 1000;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'GPU % of % has no room', new.gpu_id, new.cluster_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'gpus_not_over_committed';
    END IF;
    RETURN new;
  END IF;
  UPDATE gpus SET used_milli = used_milli - old.milli_gpus WHERE cluster_id = old.cluster_id AND gpu_id = old.gpu_id;
  RETURN old;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_gpu_reservation AFTER INSERT OR DELETE ON gpu_reservations
  FOR EACH ROW EXECUTE FUNCTION count_gpu_reservation();
--> statement-breakpoint
-- A reservation moves by being deleted and made again, never by an update that the counts would not see.
CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never updated', tg_table_name;
END $$;
--> statement-breakpoint
CREATE TRIGGER refuse_update BEFORE UPDATE ON reservations FOR EACH ROW EXECUTE FUNCTION refuse_update();
--> statement-breakpoint
CREATE TRIGGER refuse_update BEFORE UPDATE ON gpu_reservations FOR EACH ROW EXECUTE FUNCTION refuse_update();
--> statement-breakpoint
CREATE FUNCTION keep_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'workload % has ended', old.id USING ERRCODE = 'check_violation', CONSTRAINT = 'workloads_end_is_final';
END $$;
--> statement-breakpoint
CREATE TRIGGER keep_the_end BEFORE UPDATE ON workloads FOR EACH ROW
  WHEN (old.phase IN ('succeeded', 'failed', 'cancelled') AND new.phase IS DISTINCT FROM old.phase)
  EXECUTE FUNCTION keep_the_end();
