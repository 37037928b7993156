import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** PEM texts, as `createGrpcServer` and `createGrpcClient` take them. */
export type TlsIdentity = { ca: string; cert: string; key: string };
export type TlsFiles = { caFile: string; certFile: string; keyFile: string };

export type TestTls = AsyncDisposable & {
  ca: string;
  /** A leaf for `spiffe://suanli/<service>`, valid for localhost and 127.0.0.1, as server and as client. */
  issue(service: string): Promise<TlsIdentity>;
  /** The same in files, removed when disposed. */
  issueFiles(service: string): Promise<TlsFiles>;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
const VALID_HOURS = 24;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

x509.cryptoProvider.set(webcrypto);

/** A certificate authority that lives as long as the test. Two of them do not trust each other. */
export async function testTls(): Promise<TestTls> {
  const validity = {
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + VALID_HOURS * HOUR_MS),
  };
  const caKeys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=suanli test authority',
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const ca = authority.toString('pem');
  let serial = 1;
  const issue = async (service: string): Promise<TlsIdentity> => {
    serial += 1;
    const keys = await newKeys();
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(4, '0'),
      subject: `CN=${service}`,
      issuer: authority.subject,
      ...validity,
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
          { type: 'url', value: `spiffe://suanli/${service}` },
        ]),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
      ],
    });
    return { ca, cert: leaf.toString('pem'), key: await toPem(keys.privateKey) };
  };
  let dir: Promise<string> | undefined;
  return {
    ca,
    issue,
    issueFiles: async (service) => {
      dir ??= mkdtemp(join(tmpdir(), 'suanli-tls-'));
      return writeFiles(await dir, service, await issue(service));
    },
    [Symbol.asyncDispose]: async () => {
      if (dir !== undefined) await rm(await dir, { recursive: true, force: true });
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function writeFiles(dir: string, service: string, identity: TlsIdentity): Promise<TlsFiles> {
  const files = {
    caFile: join(dir, 'ca.pem'),
    certFile: join(dir, `${service}.pem`),
    keyFile: join(dir, `${service}.key`),
  };
  await writeFile(files.caFile, identity.ca);
  await writeFile(files.certFile, identity.cert);
  await writeFile(files.keyFile, identity.key, { mode: 0o600 });
  return files;
}
