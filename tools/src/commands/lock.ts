// npm run lock: brings package-lock.json up to date after a change of dependencies; the next command installs it. Runs
// when the lockfile is out of date, so before dependencies are there: nothing but Node and our own files is imported.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fillLockfile, type Lockfile } from '../lockfile/fill-lockfile.ts';
import { inRoot, root } from '../root.ts';

const path = inRoot('package-lock.json');
execFileSync('npm', ['install', '--package-lock-only', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
fillLockfile(lockfile);
writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
const unserved = Object.entries(lockfile.packages).filter(
  ([name, entry]) => name.includes('node_modules/') && isUnserved(entry),
);
console.log(
  `package-lock.json is up to date; ${unserved.length} packages of other systems stand in it without integrity`,
);

function isUnserved(entry: Lockfile['packages'][string] & { integrity?: string; link?: boolean }): boolean {
  return entry.optional === true && entry.integrity === undefined && entry.link !== true;
}
