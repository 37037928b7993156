/** What a person sees of a start. */
export type Progress = {
  /** Something is done. */
  step: (message: string) => void;
  /** Something is wrong, or was and recovered. */
  warn: (message: string) => void;
};

/** Lines with the seconds since the start. */
export function progressTo(stream: NodeJS.WritableStream): Progress {
  const startedAt = performance.now();
  const line = (mark: string, message: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
    stream.write(`[${seconds} s] ${mark}${message}\n`);
  };
  return { step: (message) => line('', message), warn: (message) => line('! ', message) };
}

export const silentProgress: Progress = { step: () => {}, warn: () => {} };
