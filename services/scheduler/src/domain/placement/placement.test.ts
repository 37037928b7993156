import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNodeSpace, aSpec } from '../../testing/builders.ts';
import { bestFit } from './best-fit.ts';
import { judgeFeasibility, type KnownCluster } from './feasibility.ts';
import { placeGang } from './place-gang.ts';
import { chooseDevices, type NodeSpace, type TaskShape } from './space.ts';

const shape = (milliGpus: number, milliCpus = 500): TaskShape => ({ milliGpus, milliCpus, memoryBytes: 2 ** 30 });

const arbitraryNodes = fc
  .array(
    fc.record({
      gpuMillis: fc.array(fc.constantFrom(0, 250, 500, 700, 1000), { maxLength: 8 }),
      freeMilliCpus: fc.integer({ min: 0, max: 16_000 }),
      freeMemoryBytes: fc.integer({ min: 0, max: 16 * 2 ** 30 }),
    }),
    { maxLength: 5 },
  )
  .map((nodes) => nodes.map((node, at) => aNodeSpace({ nodeId: `n${at}`, ...node })));

const arbitraryGang = fc.record({
  shape: fc.record({
    milliGpus: fc.constantFrom(0, 100, 250, 600, 1000, 2000, 4000),
    milliCpus: fc.integer({ min: 1, max: 8_000 }),
    memoryBytes: fc.integer({ min: 1, max: 8 * 2 ** 30 }),
  }),
  taskCount: fc.integer({ min: 1, max: 12 }),
  sku: fc.constant('gpu.big'),
});

const totals = (nodes: readonly NodeSpace[]) => ({
  cpus: nodes.reduce((sum, node) => sum + node.freeMilliCpus, 0),
  memory: nodes.reduce((sum, node) => sum + node.freeMemoryBytes, 0),
  gpus: nodes.reduce((sum, node) => sum + node.gpus.reduce((all, gpu) => all + gpu.freeMilli, 0), 0),
});

describe('placing', () => {
  it('never over-commits, and a gang is placed whole or not at all', () => {
    fc.assert(
      fc.property(arbitraryNodes, fc.array(arbitraryGang, { maxLength: 8 }), (nodes, gangs) => {
        for (const gang of gangs) {
          const before = totals(nodes);
          const untouched = structuredClone(nodes);
          const placed = placeGang(nodes, gang, bestFit);
          const count = placed?.length ?? 0;
          expect([0, gang.taskCount]).toContain(count);
          expect(count === 0 ? nodes : untouched).toEqual(untouched);
          const after = totals(nodes);
          expect(before.cpus - after.cpus).toBe(gang.shape.milliCpus * count);
          expect(before.memory - after.memory).toBe(gang.shape.memoryBytes * count);
          expect(before.gpus - after.gpus).toBe(gang.shape.milliGpus * count);
          expect(nodes.flatMap((node) => node.gpus).every((gpu) => gpu.freeMilli >= 0)).toBe(true);
          expect(nodes.every((node) => node.freeMilliCpus >= 0 && node.freeMemoryBytes >= 0)).toBe(true);
        }
      }),
    );
  });

  it('never refuses a task that fits somewhere', () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryGang, (nodes, gang) => {
        const fits = nodes.some((node) => chooseDevices(node, gang.shape, gang.sku) !== undefined);
        expect(placeGang(nodes, { ...gang, taskCount: 1 }, bestFit) !== undefined).toBe(fits);
      }),
    );
  });

  it('puts a share on the fullest device that has room, and whole GPUs on empty ones only', () => {
    const node = aNodeSpace({ gpuMillis: [1000, 400, 300, 1000] });
    expect(chooseDevices(node, shape(250), 'gpu.big')?.map((gpu) => gpu.deviceIndex)).toEqual([2]);
    expect(chooseDevices(node, shape(350), 'gpu.big')?.map((gpu) => gpu.deviceIndex)).toEqual([1]);
    expect(chooseDevices(node, shape(2000), 'gpu.big')?.map((gpu) => gpu.deviceIndex)).toEqual([0, 3]);
    expect(chooseDevices(node, shape(3000), 'gpu.big')).toBeUndefined();
    expect(chooseDevices(node, shape(250), 'gpu.small')).toBeUndefined();
  });

  it('fills the node on which least is left, and keeps GPU nodes free of work without GPUs', () => {
    const full = aNodeSpace({ nodeId: 'full', gpuMillis: [1000] });
    const empty = aNodeSpace({ nodeId: 'empty' });
    const plain = aNodeSpace({ nodeId: 'plain', gpuMillis: [] });
    expect(bestFit.choose([empty, full], shape(1000), 'gpu.big')?.node.nodeId).toBe('full');
    expect(bestFit.choose([empty, full, plain], shape(0), 'cpu')?.node.nodeId).toBe('plain');
  });
});

describe('feasibility', () => {
  const cluster = (nodes: NodeSpace[], hasReported = true): KnownCluster => ({
    ...{ clusterId: 'north-1', region: 'north', isOnline: false, nodes, hasReported },
  });
  const judge = (spec: Parameters<typeof aSpec>[0], known: KnownCluster) =>
    judgeFeasibility(aSpec(spec), { clusters: [known], skus: ['gpu.big', 'gpu.small'] }, bestFit);

  it('promises what fits an empty cluster, also while it is offline', () => {
    expect(judge({ milliGpus: 4000 }, cluster([aNodeSpace()])).options).toEqual([
      { clusterId: 'north-1', region: 'north', sku: 'gpu.big' },
    ]);
  });

  it.each([
    ['5 GPUs of one SKU on one node, the largest has 4', { milliGpus: 5000 }],
    ['20000 milli-CPUs', { milliCpus: 20_000 }],
    ['bytes of memory', { memoryBytes: 2 ** 40 }],
    ['region north is not among', { regions: ['south'] }],
    ['offers none of gpu.gone', { skus: ['gpu.gone'] }],
    ['has no GPU of gpu.small', { skus: ['gpu.small'] }],
    ['5 tasks of this size', { taskCount: 5 }],
  ])('says why: %s', (words, spec) => {
    const { options, refusals } = judge(spec, cluster([aNodeSpace()]));
    expect(options).toEqual([]);
    expect(refusals['north-1']).toContain(words);
  });

  it('neither promises nor refuses where no node was ever seen', () => {
    expect(judge({ milliGpus: 64_000 }, cluster([], false))).toEqual({
      options: [],
      unknown: ['north-1'],
      refusals: {},
    });
  });
});
