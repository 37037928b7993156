import { run } from '@suanli/service-kit';
import { schedulerEnv } from './config.ts';
import { createScheduler } from './service.ts';

await run(createScheduler, schedulerEnv);
