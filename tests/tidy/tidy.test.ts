import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, listFiles, listSources, resolveImport, root, type SourceFile } from './repository.ts';

const MAX_FILE_LINES = 400;
const MAX_FOLDER_FILES = 14;
const MAX_MAIN_LINES = 20;

const sources = listSources();
const services = readdirSync(join(root, 'services'));
const layerOf = (path: string) => /^services\/[^/]+\/src\/(?:agent\/)?(domain|app|adapters)\//.exec(path)?.[1];
const serviceOf = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1];

describe('the house', () => {
  it(`has no file over ${MAX_FILE_LINES} lines`, () => {
    expect(
      sources.filter((file) => file.lines > MAX_FILE_LINES).map((file) => `${file.path} has ${file.lines}`),
    ).toEqual([]);
  });

  it(`has no folder with more than ${MAX_FOLDER_FILES} source files`, () => {
    const counts = new Map<string, number>();
    for (const file of sources.filter((each) => !each.isTest))
      counts.set(file.folder, (counts.get(file.folder) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MAX_FOLDER_FILES)).toEqual([]);
  });

  it('imports inwards only: adapters → app → domain', () => {
    const allowed = { domain: ['domain'], app: ['domain', 'app'], adapters: ['domain', 'app', 'adapters'] };
    const wrong = sources.flatMap((file) => {
      const layer = layerOf(file.path) as keyof typeof allowed | undefined;
      if (layer === undefined || file.isTest) return [];
      const targets = relativeImports(file).filter((path) => layerOf(path) !== undefined);
      return targets
        .filter((path) => !allowed[layer].includes(layerOf(path) ?? ''))
        .map((path) => `${file.path} → ${path}`);
    });
    expect(wrong).toEqual([]);
  });

  it('keeps services apart: none imports another', () => {
    const wrong = sources
      .filter((file) => serviceOf(file.path) !== undefined)
      .flatMap((file) => {
        const own = serviceOf(file.path);
        const byPath = relativeImports(file).filter((path) => (serviceOf(path) ?? own) !== own);
        const byName = importsOf(file).filter((name) =>
          services.some((other) => other !== own && name.startsWith(`@suanli/${other}`)),
        );
        return [...byPath, ...byName].map((target) => `${file.path} → ${target}`);
      });
    expect(wrong).toEqual([]);
  });

  it('keeps business words out of the packages: they import no service and no contract', () => {
    const wrong = sources
      .filter((file) => file.path.startsWith('packages/'))
      .flatMap((file) =>
        importsOf(file)
          .filter(
            (name) => name.startsWith('@suanli/proto') || services.some((service) => name === `@suanli/${service}`),
          )
          .map((name) => `${file.path} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('reads the environment in entry points and configuration only', () => {
    const wrong = sources.filter(
      (file) =>
        /^services\/[^/]+\/src\//.test(file.path) &&
        !file.isTest &&
        /process\.env/.test(file.text) &&
        !/\/(main|migrate|verify)\.ts$/.test(file.path),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  it(`keeps every main.ts to ${MAX_MAIN_LINES} lines`, () => {
    expect(
      sources
        .filter((file) => /src\/(agent\/)?main\.ts$/.test(file.path) && file.lines > MAX_MAIN_LINES)
        .map((file) => file.path),
    ).toEqual([]);
  });
});

describe('a service', () => {
  it.each(services)(
    '%s says in its README what it owns and which invariants hold, each with a test that exists',
    (service) => {
      const folder = join(root, 'services', service);
      const readme = readFileSync(join(folder, 'README.md'), 'utf8');
      for (const heading of ['Owns', 'Does not own', 'Publishes', 'Consumes', 'Invariants']) {
        expect(readme).toMatch(new RegExp(`^#+ ${heading}`, 'm'));
      }
      const invariants = readme.split(/^#+ Invariants.*$/m)[1]?.split(/^#+ /m)[0] ?? '';
      const named = [...invariants.matchAll(/`([^`]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
    },
  );

  it.each(services)('%s has migrations whose times strictly rise', (service) => {
    const journal = join(root, 'services', service, 'migrations/meta/_journal.json');
    const times = (JSON.parse(readFileSync(journal, 'utf8')) as { entries: { when: number }[] }).entries.map(
      (entry) => entry.when,
    );
    expect(times.length).toBeGreaterThan(0);
    expect(times.every((when, i) => i === 0 || when > (times[i - 1] ?? 0))).toBe(true);
  });
});

describe('the text of the repository', () => {
  it('leaves nothing half done or switched off', () => {
    const marks =
      /\b(FIXME|XXX)\b|@ts-ignore|@ts-nocheck|\b(it|test|describe)\.(only|skip|todo)\b|oxlint-disable|eslint-disable/;
    const self = 'tests/tidy/tidy.test.ts';
    expect(sources.filter((file) => file.path !== self && marks.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  it('tracks no leftovers', () => {
    expect(listFiles().filter((path) => /\.(log|tmp|bak|orig)$|(^|\/)(\.data|node_modules|dist)\//.test(path))).toEqual(
      [],
    );
  });
});

function relativeImports(file: SourceFile): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => resolveImport(file, name));
}
