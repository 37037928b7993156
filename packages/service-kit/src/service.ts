/** What a composition root returns. `start` resolves when the service is ready; disposing stops it in reverse order. */
export type Service = AsyncDisposable & {
  start(): Promise<void>;
};
