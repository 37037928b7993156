const SPIFFE_NAME = /^spiffe:\/\/suanli\/([a-z][a-z0-9-]{0,62})$/;

/**
 * Reads Node's `subjectaltname` text (`DNS:localhost, URI:spiffe://suanli/gateway`). Undefined unless it holds exactly
 * one URI and that URI is a name of ours. Node quotes names that contain separators; a certificate with such a name was
 * not made by us, and splitting it naively could be tricked, so it names nobody.
 */
export function serviceOfSan(subjectAltName: string | undefined): string | undefined {
  if (!subjectAltName || subjectAltName.includes('"')) return undefined;
  const uris = subjectAltName.split(', ').filter((name) => name.startsWith('URI:'));
  if (uris.length !== 1) return undefined;
  return SPIFFE_NAME.exec((uris[0] ?? '').slice('URI:'.length))?.[1];
}
