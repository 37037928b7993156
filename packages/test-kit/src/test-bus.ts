import { type Bus, connectBus } from '@suanli/messaging';
import { nextNumber } from './admin.ts';
import { NATS_ACCOUNTS, natsAccountName } from './servers/server-kind.ts';
import { natsUrl, pgAdminUrl } from './provided.ts';
import { silentLogger } from './silent-logger.ts';

export type TestBus = Bus &
  AsyncDisposable & {
    url: string;
    user: string;
    password: string;
    /** Another connection to the same streams, as another replica or service has. Closed by its caller. */
    connect(name: string): Promise<Bus & AsyncDisposable>;
  };

/**
 * A bus in a NATS account of its own: streams keep their real names and no other test sees them. May be called several
 * times; services under test that talk to each other share one through `connect`, or through its credentials.
 */
export async function testBus(name = 'test'): Promise<TestBus> {
  const url = natsUrl();
  const index = await nextNumber(pgAdminUrl(), 'test_buses');
  if (index >= NATS_ACCOUNTS) throw new Error(`more than ${NATS_ACCOUNTS} test buses in one run: raise NATS_ACCOUNTS`);
  const user = natsAccountName(index);
  const connect = (as: string) => connectBus({ url, user, password: user, name: as }, silentLogger);
  return Object.assign(await connect(name), { url, user, password: user, connect });
}
