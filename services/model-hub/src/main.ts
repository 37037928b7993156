import { run } from '@suanli/service-kit';
import { modelHubEnv } from './config.ts';
import { createModelHub } from './service.ts';

await run(createModelHub, modelHubEnv);
