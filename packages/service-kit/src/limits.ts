/** Every bound of this package, with its unit. */

/** From the first signal to a stopped service; below the 30 s after which Kubernetes kills. */
export const STOP_LIMIT_MS = 25_000;
/** A readiness check that takes longer has failed. */
export const CHECK_TIMEOUT_MS = 2_000;
/** The ops port serves a handful of probes and scrapers. */
export const OPS_MAX_CONNECTIONS = 64;
export const OPS_REQUEST_TIMEOUT_MS = 5_000;

/** First and longest pause before a loop that fell over is started again. */
export const LOOP_RESTART_FIRST_MS = 200;
export const LOOP_RESTART_MAX_MS = 15_000;
/** A loop that ran this long was healthy: its next fall starts from the first pause again. */
export const LOOP_HEALTHY_AFTER_MS = 60_000;
/** This many falls without a healthy stretch make a replica unready. */
export const LOOP_UNREADY_AFTER_FALLS = 5;
export const LOOP_STOP_LIMIT_MS = 10_000;

/** Spans kept while the collector is slow; older ones are dropped. */
export const SPAN_QUEUE_SIZE = 4_096;
export const TELEMETRY_FLUSH_LIMIT_MS = 3_000;

/** sysexits.h: a configuration error. Supervisors need not restart on it. */
export const EXIT_BAD_CONFIG = 78;
