/** A directory that comes from, or goes to, the model hub. */
export type Mount = { mode: 'in' | 'out'; path: string; repositoryId: string; revision: string };

/** What a submitter asks for. Immutable once stored. */
export type JobSpec = {
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  /** More than 1 is a gang: it runs whole or not at all. */
  taskCount: number;
  /** For each task; below 1000 a share of one device, else whole devices. */
  milliGpus: number;
  milliCpus: number;
  memoryBytes: number;
  /** Empty is any. */
  skus: readonly string[];
  /** Empty is any. */
  regions: readonly string[];
  maxRunSeconds: number;
  maxRequeues: number;
  graceSeconds: number;
  mounts: readonly Mount[];
  priority: number;
  onDisconnect: 'kill' | 'keep';
  disconnectGraceSeconds: number;
  externalKey: string;
  /** Its prices count for the whole life of the job. */
  quoteId?: string;
};

/** How long a job may go on while its region is cut off. */
export function disconnectGraceMs(spec: JobSpec): number {
  return spec.onDisconnect === 'keep' ? spec.disconnectGraceSeconds * 1000 : 0;
}

/** What is metered: GPUs when it has any, else CPUs. `perTask` base units pass in each millisecond of one task. */
export function meterOf(spec: JobSpec): { meter: 'gpu_time' | 'cpu_time'; perTask: number } {
  return spec.milliGpus > 0
    ? { meter: 'gpu_time', perTask: spec.milliGpus }
    : { meter: 'cpu_time', perTask: spec.milliCpus };
}
