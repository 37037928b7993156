/** A certificate or key in PEM form, as text or as read from a file. */
export type Pem = string | Buffer;

export function pemBytes(pem: Pem): Buffer {
  return typeof pem === 'string' ? Buffer.from(pem) : pem;
}
