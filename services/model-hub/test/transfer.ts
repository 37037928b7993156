import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import type { Readable } from 'node:stream';

/** Sends all bytes of an upload in one request. */
export async function uploadAll(url: string, bytes: Uint8Array, fromByte = 0): Promise<Response> {
  return fetch(url, { method: 'PATCH', headers: { 'upload-offset': String(fromByte) }, body: bytes.slice() });
}

export async function offsetOf(url: string): Promise<number> {
  const response = await fetch(url, { method: 'HEAD' });
  return Number(response.headers.get('upload-offset'));
}

/** A PATCH whose body the test writes by hand, so that it can break the connection in the middle. */
export function startPatch(url: string, fromByte: number, contentLength: number): ClientRequest {
  const headers = { 'upload-offset': String(fromByte), 'content-length': String(contentLength) };
  const patch = request(url, { method: 'PATCH', headers });
  patch.on('error', () => undefined); // The test breaks it itself.
  return patch;
}

/** Streams a body as fast as the server takes it, and resolves to the status. */
export async function streamPatch(url: string, fromByte: number, size: number, body: Readable): Promise<number> {
  const patch = startPatch(url, fromByte, size);
  body.pipe(patch);
  const [response] = await once(patch, 'response');
  response.resume();
  return response.statusCode;
}
