import { BlockList, isIP, isIPv4 } from 'node:net';

/** Networks that are nobody's public server: our own, the caller's machine, link-local, metadata of clouds, and the like. */
const V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** IPv6 has one network of public addresses; within it these are not, or may lead back to an IPv4 address. */
const V6_PUBLIC = '2000::/3';
const V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const forbidden = new BlockList();
const publicV6 = new BlockList();
for (const network of V4) add(forbidden, network, 'ipv4');
for (const network of V6) add(forbidden, network, 'ipv6');
add(publicV6, V6_PUBLIC, 'ipv6');

/**
 * Whether an address may be sent to. IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`, `64:ff9b::a00:1`) lie outside of
 * IPv6's public network, so none of them is taken.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  if (isIPv4(address)) return !forbidden.check(address, 'ipv4');
  return publicV6.check(address, 'ipv6') && !forbidden.check(address, 'ipv6');
}

function add(list: BlockList, network: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', prefix = ''] = network.split('/');
  list.addSubnet(address, Number(prefix), family);
}
