import { formatYuan } from '@suanli/kernel';
import type { Progress } from '../progress.ts';
import { check } from './check.ts';
import { type Api, createApi, type Target } from './rest/api.ts';
import type { Job } from './rest/views.ts';
import { writeArticle } from './steps/article.ts';
import { chat } from './steps/chat.ts';
import { resumedUpload } from './steps/hub.ts';
import { checkBills, checkWallet, readWallet, recharge } from './steps/money.ts';
import { followLogCutOnce, readLog } from './steps/read-log.ts';
import { refusals } from './steps/refusals.ts';
import { checkModels, prepareTraining, quote, submitTrainings } from './steps/train.ts';
import { type Watched, watchJob } from './steps/watch-jobs.ts';

/** How long a request waits for a part of the platform that is away. */
const PATIENCE_MS = 45_000;
const LOG_TAIL_CHARS = 1_500;
const JOBS_LIMIT_MS = 240_000;

/** Uses the platform as a stranger with an API key would, and throws at the first thing that is not as promised. */
export async function runSmoke(target: Target, progress: Progress): Promise<void> {
  const api = createApi(target, PATIENCE_MS);
  const mark = Date.now().toString(36);
  const step = stepper(progress);

  await step('refusals', () => refusals(api));
  await step('recharge', () => recharge(api));
  await step('upload and download', () => resumedUpload(api, `smoke-${mark}`));
  const training = await step('program, data and a place for models', () => prepareTraining(api, `smoke-${mark}`));
  await step('quote', async () => {
    const options = await quote(api, training);
    return options.map(
      ({ region, sku, expected_total_micros: total }) => `${region} ${sku} ${formatYuan(BigInt(total))}`,
    );
  });
  const before = BigInt((await readWallet(api)).posted_micros);
  const submitted = await step('submit twelve jobs to two regions', () => submitTrainings(api, training));
  const signal = AbortSignal.timeout(JOBS_LIMIT_MS);
  const followed = followLogCutOnce(api, submitted[0]?.id ?? '', signal);
  followed.catch(() => {}); // Awaited below; a failure before then must not end the process.
  const jobs = await step('watch them queue, run and end', async () => {
    const watched = await Promise.all(submitted.map((job) => watchAloud(job, progress)));
    await checkWatched(api, watched);
    return watched.map(({ job }) => job);
  });
  await step('a log followed over two connections', async () => {
    const whole = await readLog(api, submitted[0]?.id ?? '');
    check((await followed) === whole, 'the log that was followed is not the log that was written');
    return whole.trimEnd().split('\n').slice(-2);
  });
  const spent = await step('bills', () => checkBills(api, jobs));
  await step('wallet and holds', async () => {
    await checkWallet(api, before, spent, jobs);
    return `${formatYuan(spent)} left the wallet, the sum of the bills; nothing is held any more`;
  });
  await step('models', () => checkModels(api, training, jobs));
  await step('workflow', () => writeArticle(api, progress.step));
  await step('chat', () => chat(api));

  function watchAloud(job: Job, to: Progress): Promise<Watched> {
    let told = '';
    return watchJob(api, job.id, {
      signal,
      onChange: ({ spec, phase, reason, attempts, queue_position: place }) => {
        const where = phase === 'pending' ? `place ${place ?? '?'}` : (attempts.at(-1)?.region ?? '');
        const now = `${phase} ${reason?.code ?? ''}`;
        if (now !== told) to.step(`  ${spec.name}: ${now} (${where})`);
        told = now;
      },
    });
  }
}

async function checkWatched(api: Api, watched: readonly Watched[]): Promise<void> {
  for (const { job, phases } of watched) {
    const said = job.phase === 'succeeded' ? '' : (await readLog(api, job.id)).slice(-LOG_TAIL_CHARS);
    check(job.phase === 'succeeded', `${job.id} ended as ${job.phase}: ${JSON.stringify(job.reason)}\n${said}`);
    check(phases.includes('running'), `${job.id} was never seen running: ${phases.join()}`);
  }
  const waited = watched.filter(({ waitedFor }) => waitedFor.some((code) => code !== 'queued'));
  check(waited.length > 0, 'all twelve jobs fitted at once: none waited for capacity');
  const regions = new Set(watched.map(({ job }) => job.attempts.at(-1)?.region));
  check(regions.size === 2, `the jobs ran in ${[...regions].join()} alone`);
}

/** Runs a step, tells what it found, and names it when it fails. */
function stepper(progress: Progress) {
  return async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    try {
      const found = await act();
      const lines = typeof found === 'string' ? [found] : isTexts(found) ? found : [];
      progress.step(`✓ ${name}${lines.length > 0 ? `: ${lines.join(' · ')}` : ''}`);
      return found;
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
