import { inRoot } from './root.ts';

/** Where the platform of this checkout keeps everything. */
export const dataDir = inRoot('.data');
