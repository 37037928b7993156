// npm run smoke: tries a running platform over its public REST, as a stranger with a key would.
import { progressTo } from '../progress.ts';
import { findTarget } from '../smoke/find-target.ts';
import { runSmoke } from '../smoke/run-smoke.ts';

const progress = progressTo(process.stdout);
try {
  const target = await findTarget(process.env);
  progress.step(`smoke against ${target.url}`);
  await runSmoke(target, progress);
  progress.step('the platform does what it promises');
} catch (error) {
  progress.warn((error as Error).message);
  process.exitCode = 1;
}
