import { run } from '@suanli/service-kit';
import { workflowEnv } from './config.ts';
import { createWorkflow } from './service.ts';

await run(createWorkflow, workflowEnv);
