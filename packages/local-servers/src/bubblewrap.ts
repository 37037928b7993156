import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDebianProgram } from './sources/debian-packages.ts';
import { findProgram } from './sources/locate.ts';
import { defaultCacheDir, ServerMissing } from './server.ts';

/**
 * Path of a `bwrap` that can be run: the machine's, else the one fetched into `cacheDir`. Throws ServerMissing with
 * what to install.
 */
export async function ensureBubblewrap(
  cacheDir: string = defaultCacheDir,
  onProgress?: (message: string) => void,
): Promise<string> {
  const installed = findProgram('bwrap');
  if (installed !== undefined) return installed;
  try {
    const { path, env } = await fetchDebianProgram('bwrap', cacheDir, onProgress);
    const libraries = env['LD_LIBRARY_PATH'];
    return libraries === undefined ? path : await wrap(path, libraries, join(cacheDir, 'debian/bwrap'));
  } catch (error) {
    throw new ServerMissing(
      `bwrap is needed to isolate tasks: apt-get install bubblewrap (${(error as Error).message})`,
    );
  }
}

/** A launcher for a copy that came with libraries of its own; what runs inside the sandbox does not see the variable. */
async function wrap(program: string, libraries: string, launcher: string): Promise<string> {
  await writeFile(
    launcher,
    `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${program}' --unsetenv LD_LIBRARY_PATH "$@"\n`,
  );
  await chmod(launcher, 0o755);
  return launcher;
}
