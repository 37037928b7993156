import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCertificates } from './certificates.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2030-01-01T00:00:00Z');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'suanli-certificates-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

it('names each service, is signed by the authority, and keeps its key private', async () => {
  const { billing } = await ensureCertificates(dir, ['billing', 'gateway'], NOW);
  const leaf = new X509Certificate(await readFile(billing.certFile));
  const authority = new X509Certificate(await readFile(billing.caFile));
  expect(leaf.subjectAltName).toContain('URI:spiffe://suanli/billing');
  expect(leaf.subjectAltName).toContain('IP Address:127.0.0.1');
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect((await stat(billing.keyFile)).mode & 0o777).toBe(0o600);
});

it('is kept while it is good, and renewed a month before its end', async () => {
  const read = async (now: number) =>
    readFile((await ensureCertificates(dir, ['billing', 'gateway'], now)).billing.certFile, 'utf8');
  const first = await read(NOW);
  expect(await read(NOW + 300 * DAY_MS)).toBe(first);
  expect(await read(NOW + 340 * DAY_MS)).not.toBe(first);
});
