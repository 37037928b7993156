/** What code below the composition root may say. Fields first, then a fact in a few words; pino satisfies it. */
export interface Logger {
  debug(fields: object, message: string): void;
  /** A fact of the domain. */
  info(fields: object, message: string): void;
  /** Something recovered by itself, worth knowing when it repeats. */
  warn(fields: object, message: string): void;
  /** Someone must act. */
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}
