import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './public-address.ts';
import { createWebhookSender } from './sender.ts';
import { standardSigner } from './signer.ts';

const message = { url: 'https://hooks.example.com/x', headers: {}, body: '{}', signal: new AbortController().signal };

describe('where webhooks go', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['0.0.0.0', '255.255.255.255', '224.0.0.1', '198.18.0.1', '192.0.2.1'],
    ...['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1'],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b::10.0.0.1',
      '2002:7f00:1::',
      '2001:db8::1',
      '2001::1',
      'fd00:ec2::254',
      'not an address',
    ],
  ])('is never %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['1.1.1.1', '223.5.5.5', '172.32.0.1', '2400:3200::1', '2606:4700:4700::1111'])('may be %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['plain HTTP', 'http://hooks.example.com/'],
    ['another protocol', 'file:///etc/passwd'],
    ['credentials', 'https://user:secret@hooks.example.com/'],
    ['this machine', 'https://localhost/'],
    ['this machine by a name of its own', 'https://api.localhost/'],
    ['a private address', 'https://10.0.0.1/'],
    ['a private address in one number', 'https://2130706433/'],
    ['a private address in hexadecimal', 'https://0x7f.1/'],
    ['a private address as IPv6', 'https://[::ffff:169.254.169.254]/'],
    ['no URL', 'hooks.example.com'],
  ])('is not %s', (_story, url) => {
    expect(createWebhookSender({ isOpen: false }).refuse(url)).toBeDefined();
  });

  it('is not a name that means one of our addresses, nor one that means both', async () => {
    for (const addresses of [['10.0.0.1'], ['1.1.1.1', '127.0.0.1'], ['::1']]) {
      const sender = createWebhookSender({ isOpen: false, resolve: async () => addresses });
      expect(sender.refuse(message.url)).toBeUndefined();
      expect(await sender.send(message)).toEqual({ error: 'the address is not a public one' });
    }
  });
});

describe('a signature', () => {
  it('is one that the Standard Webhooks library verifies, by the new secret and by the old', () => {
    const secrets = [standardSigner.createSecret(), standardSigner.createSecret()];
    const at = Math.floor(Date.now() / 1000) * 1000;
    const body = JSON.stringify({ type: 'job.finished' });
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(at / 1000),
      'webhook-signature': standardSigner.sign(secrets, { id: 'evt_1', at, body }),
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'job.finished' });
    const forged = () => new Webhook(standardSigner.createSecret()).verify(body, headers);
    expect(forged).toThrow('No matching signature');
    expect(() => new Webhook(secrets[0] ?? '').verify(`${body} `, headers)).toThrow('No matching signature');
  });
});
