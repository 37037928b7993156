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
import { type Pem, pemBytes } from '../pem.ts';

/** Whom we trust, and who we are when the other side asks. */
export type ClientTls = { ca: Pem; cert?: Pem; key?: Pem };

export type ChannelTarget = {
  /** `host:port`. */
  address: string;
  tls?: ClientTls;
  /** The service that must answer (`billing`): its certificate is checked for this name instead of the host's. */
  peer?: string;
};

export function openChannel({ address, tls, peer }: ChannelTarget): Client {
  // With a peer's name as the name of the server, nothing depends on what hosts are called, nor on their addresses.
  const naming = tls && peer !== undefined ? { 'grpc.ssl_target_name_override': peer } : {};
  return new Client(address, credentialsOf(tls, peer), { ...channelOptions, ...naming });
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
  return credentials.createSsl(
    pemBytes(tls.ca),
    tls.key ? pemBytes(tls.key) : null,
    tls.cert ? pemBytes(tls.cert) : null,
    verify,
  );
}

function expectService(peer: string): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (_host, certificate) => {
    const found = serviceOfSan(certificate.subjectaltname);
    return found === peer ? undefined : new Error(`the other side is ${found ?? 'no service of ours'}, not ${peer}`);
  };
}
