import { SimClock } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { aContext, aHub } from '../../testing/build.ts';
import { deleteRoute, putRoute, seedRoutes } from './change-routes.ts';
import { snapshotRoutes } from './read-routes.ts';

const ctx = aContext({ role: 'operator' });
const aRoute = (route = {}) => ({
  model: 'm',
  upstream: 'up',
  upstreamModel: '',
  description: '',
  isLanguageModel: true,
  ...route,
});

it('versions of a model name rise over changes, removal and return, and each is told once', async () => {
  const hub = aHub(new SimClock());
  await putRoute(hub, ctx, aRoute());
  await putRoute(hub, ctx, aRoute({ upstream: 'other' }));
  await deleteRoute(hub, ctx, { model: 'm' });
  expect(await deleteRoute(hub, ctx, { model: 'm' })).toMatchObject({ refusal: { reason: 'route_not_found' } });
  await putRoute(hub, ctx, aRoute());
  const told = hub.events().flatMap((event) => (event.kind === 'route_changed' ? [event.route] : []));
  expect(told.map(({ version, isRemoved }) => [version, isRemoved])).toEqual([
    [1, false],
    [2, false],
    [3, true],
    [4, false],
  ]);
});

it('defaults are seeded once, and what an operator removed does not come back', async () => {
  const hub = aHub(new SimClock());
  await seedRoutes(hub);
  await seedRoutes(hub);
  expect(hub.events()).toHaveLength(1);
  await deleteRoute(hub, ctx, { model: 'offline-writer' });
  await seedRoutes(hub);
  expect(await snapshotRoutes(hub)).toEqual([]);
});

it.each([
  ['an empty model', { model: '' }],
  ['a model with spaces', { model: 'a b' }],
  ['an upstream in capitals', { upstream: 'Up' }],
  ['no upstream', { upstream: '' }],
  ['a description of a novel', { description: 'x'.repeat(3_000) }],
])('refuses %s', async (_story, change) => {
  const refused = await putRoute(aHub(new SimClock()), ctx, aRoute(change));
  expect(refused).toMatchObject({ refusal: { reason: 'invalid_route' } });
});
