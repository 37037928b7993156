// Writes the documents that are made from the code; with --check only tells whether they are up to date.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { renderDocs } from './adapters/http/docs/render-docs.ts';

const ROOT = new URL('../../../', import.meta.url);
const onlyCheck = process.argv.includes('--check');

for (const [path, text] of Object.entries(await renderDocs())) {
  const file = new URL(path, ROOT);
  const isCurrent = (await readFile(file, 'utf8').catch(() => '')) === text;
  if (!isCurrent && !onlyCheck) {
    await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, text);
  }
  if (!isCurrent && onlyCheck) process.exitCode = 1;
  console.log(`${path}: ${isCurrent ? 'up to date' : onlyCheck ? 'out of date' : 'written anew'}`);
}
