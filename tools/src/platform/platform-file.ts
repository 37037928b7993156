import { readJson, writeJson } from '../json-file.ts';
import type { ProcessName, ServiceName } from './constellation.ts';

/** `.data/platform.json`: how other programs of this checkout find the platform that runs here. Addresses are host:port. */
export type PlatformFile = {
  /** Public REST. */
  url: string;
  operatorKey: string;
  /** Partner gRPC listeners. */
  grpc: Record<ServiceName, string>;
  internalGrpc: Record<ServiceName, string>;
  /** Health and metrics. */
  ops: Record<ProcessName, string>;
  /** Services' processes, agents, and the backing servers that run as processes here. */
  pids: Record<string, number>;
  /** As the service's own role. */
  databases: Record<ServiceName, string>;
  /** As the administrator. */
  postgresUrl: string;
  redisUrl: string;
  natsUrl: string;
};

/** Keeps the file true while processes come and go. */
export type PlatformRecord = {
  /** From now on the file says what `read` returns. */
  begin(read: () => PlatformFile): Promise<void>;
  changed: () => void;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
};

export function readPlatformFile(path: string): Promise<PlatformFile | undefined> {
  return readJson<PlatformFile>(path);
}

export function recordPlatform(path: string): PlatformRecord {
  let read: (() => PlatformFile) | undefined;
  let writing = Promise.resolve();
  const changed = () => {
    const current = read;
    if (current !== undefined) writing = writing.then(() => writeJson(path, current()));
  };
  return {
    async begin(next) {
      read = next;
      changed();
      await writing;
    },
    changed,
    settled: async () => {
      read = undefined;
      await writing;
    },
  };
}
