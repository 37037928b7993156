/** One package in a lockfile of version 3; only what is read or written here. */
export type LockedPackage = {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};
export type Lockfile = { packages: Record<string, LockedPackage> };

const SYSTEMS: readonly [RegExp, string][] = [
  [/darwin|macos/, 'darwin'],
  [/win32|windows|win-/, 'win32'],
  [/freebsd/, 'freebsd'],
  [/openbsd/, 'openbsd'],
  [/netbsd/, 'netbsd'],
  [/android/, 'android'],
  [/sunos/, 'sunos'],
  [/aix/, 'aix'],
  [/openharmony/, 'openharmony'],
  [/linux/, 'linux'],
];
const PROCESSORS: readonly [RegExp, string][] = [
  [/arm64|aarch64/, 'arm64'],
  [/armv7|-arm(-|$)/, 'arm'],
  [/x64|x86_64|-64$/, 'x64'],
  [/ppc64/, 'ppc64'],
  [/riscv64/, 'riscv64'],
  [/s390x/, 's390x'],
  [/loong64/, 'loong64'],
  [/ia32|i686|-32$/, 'ia32'],
];

const LIBRARIES: readonly [RegExp, string][] = [
  [/musl/, 'musl'],
  [/gnu/, 'glibc'],
];

/**
 * Adds what a registry could not serve: packages for other systems that are named as optional but have no entry.
 * Without one, `npm ci` takes the lockfile for incomplete and refuses it. Such an entry has no integrity and is never
 * installed on the system that made the lockfile. Returns the names added.
 */
export function fillLockfile(lockfile: Lockfile): string[] {
  const added: string[] = [];
  for (const [parent, { optionalDependencies, dev }] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      const system = firstMatch(SYSTEMS, name);
      if (!/^\d+\.\d+\.\d+/.test(version) || system === undefined || isResolved(lockfile, parent, name)) continue;
      const cpu = firstMatch(PROCESSORS, name);
      const libc = firstMatch(LIBRARIES, name);
      // In npm's own order, so that npm's next rewrite changes nothing.
      lockfile.packages[`node_modules/${name}`] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(dev === true ? { dev } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        os: [system],
      };
      added.push(name);
    }
  }
  const sorted = Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lockfile.packages = Object.fromEntries(sorted);
  return added;
}

/** Looks where Node would: beside the parent, then in each folder above it. */
function isResolved(lockfile: Lockfile, parent: string, name: string): boolean {
  let folder = parent;
  for (;;) {
    if (lockfile.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
    const above = folder.lastIndexOf('/node_modules/');
    folder = above < 0 ? '' : folder.slice(0, above);
  }
}

function firstMatch(table: readonly [RegExp, string][], name: string): string | undefined {
  return table.find(([pattern]) => pattern.test(name))?.[1];
}
