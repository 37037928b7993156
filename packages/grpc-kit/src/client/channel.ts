import { type ChannelOptions, Client, type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import { serviceOfSan } from '../auth/peer.ts';
import {
  KEEPALIVE_TIME_MS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  RECONNECT_FIRST_MS,
  RECONNECT_MAX_MS,
} from '../limits.ts';

/** PEM bytes: whom we trust, and who we are when the other side asks. */
export type ClientTls = { ca: Buffer; cert?: Buffer; key?: Buffer };

export type ChannelTarget = {
  /** `host:port`. */
  address: string;
  tls?: ClientTls;
  /** The service that must answer (`billing`): its certificate is checked for this name instead of the host's. */
  peer?: string;
};

export function openChannel({ address, tls, peer }: ChannelTarget): Client {
  return new Client(address, credentialsOf(tls, peer), channelOptions);
}

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_FIRST_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_MAX_MS,
  // Services speak to each other directly: neither a proxy from the environment nor settings from DNS may interfere.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

function credentialsOf(tls: ClientTls | undefined, peer: string | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const verify = peer === undefined ? {} : { checkServerIdentity: expectService(peer) };
  return credentials.createSsl(tls.ca, tls.key ?? null, tls.cert ?? null, verify);
}

function expectService(peer: string): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const found = serviceOfSan(certificate.subjectaltname);
    return found === peer ? undefined : new Error(`${host} is ${found ?? 'no service of ours'}, not ${peer}`);
  };
}
