import { run } from '@suanli/service-kit';
import { gatewayEnv } from './config.ts';
import { createGateway } from './service.ts';

await run(createGateway, gatewayEnv);
