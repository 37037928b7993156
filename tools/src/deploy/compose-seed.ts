// `seed` of docker-compose.yml's development profile: a tenant with a balance. Its key is the last line of
// its log: docker compose logs --no-log-prefix seed
import { ensureDeveloper } from '../start/developer.ts';
import { stopRequest, untilRequested } from '../start/stop-request.ts';

const LONGEST_TIMER_MS = 2_147_483_647;

const { SUANLI_DEV: dev, SUANLI_URL: url, SUANLI_OPERATOR_KEY: operatorKey } = process.env;
if (dev !== '1') throw new Error('seeding is for development only: set SUANLI_DEV=1');
if (!url || !operatorKey) throw new Error('SUANLI_URL and SUANLI_OPERATOR_KEY are needed');

const { accountId, apiKey } = await ensureDeveloper({ url, operatorKey, dir: '/tmp' });
process.stdout.write(`account ${accountId}\nSUANLI_API_KEY=${apiKey}\n`);

const staying = setInterval(() => {}, LONGEST_TIMER_MS);
await untilRequested(stopRequest());
clearInterval(staying);
