import { run } from '@suanli/service-kit';
import { agentEnv } from './config.ts';
import { createAgent } from './service.ts';

await run(createAgent, agentEnv, { service: 'agent' });
