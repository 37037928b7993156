import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A share of each class that is never trained on. */
const HELD_OUT_SHARE = 0.2;

/** Numbers in [0, 1) that a seed decides (mulberry32, public domain by Tommy Ettinger). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Puts the items in an order that `random` decides (Fisher and Yates). Changes the array in place. */
export function shuffle(items, random) {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** Reads `iris.csv`: numbers in all columns but the last, which is the class. */
export function readTable(folder) {
  const [header, ...lines] = readFileSync(join(folder, 'iris.csv'), 'utf8').trim().split('\n');
  const features = header.trim().split(',').slice(0, -1);
  const rows = lines.map((line, index) => {
    const cells = line.trim().split(',');
    const x = Float64Array.from(cells.slice(0, -1), Number);
    if (x.length !== features.length || x.some(Number.isNaN))
      throw new Error(`line ${index + 2} is not a row: ${line}`);
    return { x, label: cells.at(-1) };
  });
  const classes = [...new Set(rows.map((row) => row.label))];
  return { features, classes, examples: rows.map(({ x, label }) => ({ x, y: classes.indexOf(label) })) };
}

/** Parts the examples, class by class, into those to learn from and those to judge by. */
export function split({ classes, examples }, random) {
  const parts = { train: [], heldOut: [] };
  for (const y of classes.keys()) {
    const ofClass = shuffle(
      examples.filter((example) => example.y === y),
      random,
    );
    const heldOutCount = Math.round(ofClass.length * HELD_OUT_SHARE);
    parts.heldOut.push(...ofClass.slice(0, heldOutCount));
    parts.train.push(...ofClass.slice(heldOutCount));
  }
  return parts;
}

/** What brings every feature of these examples to mean 0 and deviation 1. */
export function scaleOf(examples) {
  const mean = examples[0].x.map((_, j) => examples.reduce((sum, { x }) => sum + x[j], 0) / examples.length);
  const deviation = mean.map((m, j) =>
    Math.sqrt(examples.reduce((sum, { x }) => sum + (x[j] - m) ** 2, 0) / examples.length),
  );
  return { mean, deviation };
}

export function scaled(examples, { mean, deviation }) {
  return examples.map(({ x, y }) => ({ x: x.map((value, j) => (value - mean[j]) / deviation[j]), y }));
}
