import type { Metrics } from '@suanli/service-kit';

export type HubMetrics = {
  bytesReceived(count: number): void;
  bytesSent(count: number): void;
  /** How a PATCH of an upload ended: `received`, `wrong_offset`, `hash_mismatch`, `broken_off` … */
  uploadEnded(outcome: string): void;
  uploadsCollected(count: number): void;
  timeSearch<T>(search: () => Promise<T>): Promise<T>;
};

export function hubMetrics(metrics: Metrics): HubMetrics {
  const received = metrics.counter('suanli_modelhub_received_bytes', 'Bytes of uploads taken in');
  const sent = metrics.counter('suanli_modelhub_sent_bytes', 'Bytes of blobs given out');
  const uploads = metrics.counter('suanli_modelhub_upload_requests', 'Requests that sent bytes', ['outcome']);
  const collected = metrics.counter('suanli_modelhub_uploads_collected', 'Abandoned uploads discarded');
  const search = metrics.histogram('suanli_modelhub_search_seconds', 'Searches of corpora');
  return {
    bytesReceived: (count) => received.inc(count),
    bytesSent: (count) => sent.inc(count),
    uploadEnded: (outcome) => uploads.inc({ outcome }),
    uploadsCollected: (count) => collected.inc(count),
    async timeSearch(run) {
      const stop = search.startTimer();
      try {
        return await run();
      } finally {
        stop();
      }
    },
  };
}
