import 'reflect-metadata';
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const LIFE_DAYS = 365;
const RENEW_DAYS = 30;
/** Another machine's clock may be behind. */
const BACKDATE_MS = 3_600_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERIAL_BYTES = 16;

/** Files of one service's identity on the internal listeners. */
export type ServiceCertificate = { caFile: string; certFile: string; keyFile: string };
type Authority = { certificate: x509.X509Certificate; privateKey: webcrypto.CryptoKey };

x509.cryptoProvider.set(webcrypto);

/**
 * A private authority and one certificate per service, named `spiffe://suanli/<service>`. Kept between runs; all are
 * renewed together when the first of them comes near its end.
 */
export async function ensureCertificates<Name extends string>(
  dir: string,
  services: readonly Name[],
  now: number,
): Promise<Record<Name, ServiceCertificate>> {
  const files = services.map((service) => [service, filesOf(dir, service)] as const);
  const valid = await Promise.all(files.map(([, { certFile }]) => isValidFor(certFile, now + RENEW_DAYS * DAY_MS)));
  if (!valid.every(Boolean)) await issueAll(dir, files, now);
  return Object.fromEntries(files) as Record<Name, ServiceCertificate>;
}

function filesOf(dir: string, service: string): ServiceCertificate {
  return { caFile: join(dir, 'ca.pem'), certFile: join(dir, `${service}.pem`), keyFile: join(dir, `${service}.key`) };
}

async function isValidFor(certFile: string, until: number): Promise<boolean> {
  try {
    return new X509Certificate(await readFile(certFile)).validToDate.getTime() > until;
  } catch {
    return false; // Missing or damaged: made anew either way.
  }
}

async function issueAll(
  dir: string,
  files: readonly (readonly [string, ServiceCertificate])[],
  now: number,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = await createAuthority(now);
  await writeFile(join(dir, 'ca.pem'), `${authority.certificate.toString('pem')}\n`);
  for (const [service, { certFile, keyFile }] of files) {
    const leaf = await issue(authority, service, now);
    await writeFile(keyFile, leaf.key, { mode: 0o600 });
    await writeFile(certFile, leaf.certificate);
  }
}

/** Its private key is forgotten at the end: a renewal makes a new authority, so there is nothing to steal. */
async function createAuthority(now: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Suanli development authority',
    ...validity(now),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate, privateKey: keys.privateKey };
}

async function issue(
  authority: Authority,
  service: string,
  now: number,
): Promise<{ certificate: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${service}`,
    issuer: authority.certificate.subject,
    ...validity(now),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `spiffe://suanli/${service}` },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: service },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = key.match(/.{1,64}/g) ?? [];
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

function validity(now: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + LIFE_DAYS * DAY_MS) };
}

/** Positive: the first bit of the first byte is the sign. */
function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('hex');
}
