import { check, present } from '../check.ts';
import { inRoot } from '../../root.ts';
import type { Api } from '../rest/api.ts';
import { downloadInTwo, sha256Of } from '../rest/hub-files.ts';
import type { CommitFile, Job, Quote, Repository } from '../rest/views.ts';
import { openRepository, publishFolder } from './hub.ts';
import { readLog } from './read-log.ts';

const FOLDER = inRoot('examples/train');
const JOBS = 12;
const REGIONS = ['cn-shanghai', 'cn-hefei'] as const;

/** What the jobs need: the program and its data as pinned revisions, and a place for their models. */
export type Training = { program: Mount; data: Mount; model: Repository };
type Mount = { mode: 'in'; path: string; repository_id: string; revision: string };

export async function prepareTraining(api: Api, modelName: string): Promise<Training> {
  const program = await openRepository(api, 'dataset', 'train-program');
  const data = await openRepository(api, 'dataset', 'train-data');
  const isData = (path: string) => path.startsWith('data/');
  const programRevision = await publishFolder(api, program, FOLDER, (path) => !isData(path));
  const dataRevision = await publishFolder(api, data, `${FOLDER}/data`);
  return {
    program: { mode: 'in', path: '/program', repository_id: program.id, revision: programRevision },
    data: { mode: 'in', path: '/data', repository_id: data.id, revision: dataRevision },
    model: await openRepository(api, 'model', modelName),
  };
}

/** One whole GPU each: four fit into a region at a time, so of six for each region two must wait. */
export function trainingSpec({ program, data, model }: Training, index: number): object {
  return {
    name: `train-${index + 1}`,
    command: ['node', '/program/train.mjs'],
    env: { SEED: String(index + 1), EPOCHS: '100', MODEL_REPOSITORY: model.id, MODEL_PATH: `model-${index + 1}.json` },
    milli_gpus: 1_000,
    milli_cpus: 500,
    memory_bytes: 256 * 1024 * 1024,
    regions: [present(REGIONS[index % REGIONS.length], 'a region')],
    max_run_seconds: 300,
    max_requeues: 5,
    mounts: [program, data],
  };
}

export async function submitTrainings(api: Api, training: Training): Promise<Job[]> {
  return Promise.all(
    Array.from({ length: JOBS }, (_, index) => api.post<Job>('/v1/jobs', trainingSpec(training, index))),
  );
}

/** Both regions can run it, at the prices that the market names. */
export async function quote(api: Api, training: Training): Promise<Quote['options']> {
  const { regions: _any, ...spec } = trainingSpec(training, 0) as Record<string, unknown>;
  const { options } = await api.post<Quote>('/v1/quotes', { spec, expected_seconds: 20 });
  const regions = options.map((option) => option.region).sort();
  check(regions.join() === [...REGIONS].sort().join(), `the quote names the regions ${regions.join()}`);
  return options;
}

/** Each log names the SHA-256 of the model that its program pushed: what can be downloaded must be that. */
export async function checkModels(api: Api, { model }: Training, jobs: readonly Job[]): Promise<string> {
  const files = await api.list<CommitFile>(`/v1/repositories/${model.id}/files`);
  let checked = 0;
  for (const job of jobs) {
    const said = /sha256[:= ]+"?([0-9a-f]{64})/.exec(await readLog(api, job.id))?.[1];
    const file = files.find(({ sha256 }) => sha256 === said);
    if (file === undefined) throw new Error(`${job.id} says ${said}, which none of ${files.length} models has`);
    if (checked++ > 0) continue; // Bytes of one are enough: their addresses are their hashes.
    const bytes = await downloadInTwo(api, `/v1/repositories/${model.id}/files/${file.path}`);
    check(sha256Of(bytes) === said, `${file.path} has another SHA-256 than ${job.id} said`);
  }
  return `${jobs.length} models named in the logs are there; one downloaded in two parts has its SHA-256`;
}
