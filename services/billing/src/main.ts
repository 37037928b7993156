import { run } from '@suanli/service-kit';
import { billingEnv } from './config.ts';
import { createBilling } from './service.ts';

await run(createBilling, billingEnv);
