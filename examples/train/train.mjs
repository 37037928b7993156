#!/usr/bin/env node
// Trains a classifier on Fisher's measurements of irises and pushes it to the model hub. See README.md beside it.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readTable, scaled, scaleOf, seededRandom, shuffle, split } from './data.mjs';
import { createNetwork, evaluate, learn } from './network.mjs';
import { platformOf, push } from './push.mjs';

/** Networks that learn from different draws of the examples and vote (bagging, Breiman 1996). */
const NETWORKS = 24;
const HIDDEN = 16;
const DECAY = 1e-4;
const FIRST_RATE = 0.02;
/** After this many epochs the rate has halved. */
const RATE_HALVED_AFTER = 100;

const { env } = process;
const mounted = '/data';
const beside = fileURLToPath(new URL('data', import.meta.url));
const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: existsSync(`${mounted}/iris.csv`) ? mounted : beside },
    seed: { type: 'string', default: env.SEED ?? env.SUANLI_TASK_INDEX ?? '0' },
    epochs: { type: 'string', default: env.EPOCHS ?? '200' },
    seconds: { type: 'string', default: env.SECONDS ?? '0' },
    out: { type: 'string', default: 'model.json' },
    repository: { type: 'string', default: env.MODEL_REPOSITORY ?? '' },
    path: { type: 'string', default: env.MODEL_PATH ?? 'model.json' },
  },
});
const seed = wholeNumber('seed');
const epochs = wholeNumber('epochs');
const minimumMs = 1000 * wholeNumber('seconds');

const table = readTable(options.data);
const random = seededRandom(seed);
const parts = split(table, random);
const scale = scaleOf(parts.train); // Of these alone: what is held out must not leak into training.
const train = scaled(parts.train, scale);
const heldOut = scaled(parts.heldOut, scale);
const shape = { inputs: table.features.length, hidden: HIDDEN, classes: table.classes.length };
const members = Array.from({ length: NETWORKS }, () => ({
  network: createNetwork(shape, random),
  drawn: train.map(() => train[Math.floor(random() * train.length)]),
}));
const networks = members.map(({ network }) => network);

const startedMs = performance.now();
let metrics = measure(0);
for (let epoch = 1; epoch <= epochs || performance.now() - startedMs < minimumMs; epoch++) {
  const rate = FIRST_RATE / (1 + epoch / RATE_HALVED_AFTER);
  for (const { network, drawn } of members) {
    for (const example of shuffle(drawn, random)) learn(network, example, { rate, decay: DECAY });
  }
  metrics = measure(epoch);
  console.log(JSON.stringify(metrics));
}

const model = Buffer.from(
  JSON.stringify({
    format: 'suanli-example-bagged-networks/1',
    seed,
    features: table.features,
    classes: table.classes,
    scale: { mean: [...scale.mean], deviation: [...scale.deviation] },
    shape,
    metrics,
    networks: networks.map(({ w1, b1, w2, b2 }) => ({ w1: short(w1), b1: short(b1), w2: short(w2), b2: short(b2) })),
  }),
);
writeFileSync(options.out, model);
console.log(`${options.out}: ${model.length} bytes, ${metrics.epoch} epochs`);

const platform = platformOf(env);
if (platform === undefined || options.repository === '') {
  console.log(
    'not pushed: it takes SUANLI_API_SOCKET, SUANLI_API_KEY and --repository (in a task the first two are set)',
  );
} else {
  const { revision, sha256 } = await push(platform, {
    repository: options.repository,
    path: options.path,
    bytes: model,
    message: `${options.path}: seed ${seed}, ${metrics.held_out_accuracy} right of what was held out`,
    // A task that is started again makes the same model and must not commit it twice.
    once: `train-${env.SUANLI_JOB_ID ?? 'local'}-${env.SUANLI_TASK_INDEX ?? '0'}`,
  });
  console.log(`pushed ${options.path} to ${options.repository}`);
  console.log(`revision: ${revision}`);
  console.log(`sha256: ${sha256}`);
}

function measure(epoch) {
  const [learned, judged] = [evaluate(networks, train), evaluate(networks, heldOut)];
  const round = (value) => Number(value.toFixed(6));
  return {
    epoch,
    loss: round(learned.loss),
    accuracy: round(learned.accuracy),
    held_out_loss: round(judged.loss),
    held_out_accuracy: round(judged.accuracy),
  };
}

/** Nine digits are more than a 32-bit float holds. */
function short(weights) {
  return Array.from(weights, (weight) => Number(weight.toPrecision(9)));
}

function wholeNumber(name) {
  const value = Number(options[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a whole number, not ${options[name]}`);
  process.exit(2);
}
