import type { Logger } from '@suanli/kernel';
import type { Bus } from '@suanli/messaging';
import { EVENTS } from '@suanli/proto/subjects';
import { KeyRevoked } from '@suanli/proto/suanli/events/v1/gateway.ts';

/** Hears of keys that any replica has revoked, as soon as the fact is published. */
export function followRevokedKeys(bus: Bus, logger: Logger, forget: (keyId: string) => void): AsyncDisposable {
  return bus.listen(EVENTS.keyRevoked.subject, ({ data }) => {
    try {
      forget(KeyRevoked.fromJSON(JSON.parse(Buffer.from(data).toString('utf8'))).keyId);
    } catch (error) {
      logger.error({ error: String(error) }, 'a revoked key could not be read from its message');
    }
  });
}
