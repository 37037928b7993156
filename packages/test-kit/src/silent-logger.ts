import type { Logger } from '@suanli/kernel';

const quiet = () => undefined;

/** Says nothing. */
export const silentLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => silentLogger };
