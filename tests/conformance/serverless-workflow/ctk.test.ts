import { readFeature, testEvaluator, tryScenario } from '@suanli/workflow/conformance';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const data = process.env['SUANLI_DATA'];
if (data === undefined) throw new Error('SUANLI_DATA must name the folder that holds conformance/serverless-workflow');
const FEATURES = join(data, 'conformance', 'serverless-workflow', 'ctk', 'features');

/** What the profile leaves out: arbitrary network calls are no function of the catalogue, events are not emitted. */
const OUTSIDE: Record<string, readonly string[]> = {
  'call.feature': [
    'Call HTTP With Content Output',
    'Call HTTP With Response Output',
    'Call HTTP Using Basic Authentication',
    'Call OpenAPI With Content Output',
    'Call OpenAPI With Response Output',
  ],
  'data-flow.feature': ['Output Filtering', 'Use Non-object Output'],
  'emit.feature': ['Emit Task'],
  'try.feature': ['Try Handle Caught Error', 'Try Raise Uncaught Error'],
};

const evaluator = testEvaluator();
afterAll(() => evaluator[Symbol.asyncDispose]());

describe.each(readdirSync(FEATURES).filter((name) => name.endsWith('.feature')))('%s', (feature) => {
  const scenarios = readFeature(readFileSync(join(FEATURES, feature), 'utf8'));
  const isOutside = ({ name }: { name: string }) => OUTSIDE[feature]?.includes(name) ?? false;

  it('has only scenarios that are tried, or left out by name', () => {
    expect(scenarios.length).toBeGreaterThan(0);
    expect(scenarios.filter(isOutside).map(({ name }) => name)).toEqual(OUTSIDE[feature] ?? []);
  });
  it.each(scenarios.filter((scenario) => !isOutside(scenario)).map((scenario) => [scenario.name, scenario] as const))(
    'conforms: %s',
    async (_name, scenario) => {
      expect(await tryScenario(evaluator, scenario)).toEqual({ kind: 'run', complaints: [] });
    },
  );
  it.each(scenarios.filter(isOutside).map((scenario) => [scenario.name, scenario] as const))(
    'is refused with the place of the task: %s',
    async (_name, scenario) => {
      const verdict = await tryScenario(evaluator, scenario);
      expect(verdict).toEqual({
        kind: 'outside',
        pointers: expect.arrayContaining([expect.stringMatching(/^\/do\/\d/)]),
      });
    },
  );
});
