import { z } from 'zod';
import type { ModelRoute } from '../../../app/inference/ports.ts';
import type { Routes } from '../create-http-app.ts';
import { problem } from '../problems/problem.ts';
import { handleOpenAiError } from './errors.ts';

const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().meta({ description: 'Unix seconds' }),
  owned_by: z.string(),
  description: z.string(),
  is_language_model: z.boolean(),
});
const access = { scope: 'inference:read' } as const;

/** The models that can be called, in the form of the OpenAI API with a card beside it. */
export const modelRoutes: Routes = async (app, { inference }) => {
  await app.register((scope, _options, done) => {
    scope.setErrorHandler(handleOpenAiError);
    scope.get(
      '/v1/models',
      {
        schema: {
          tags: ['inference'],
          summary: 'List models',
          response: { 200: z.object({ object: z.literal('list'), data: z.array(model) }) },
        },
        config: { access },
      },
      () => ({ object: 'list', data: inference.routes.list().map(toModel) }),
    );
    scope.get<{ Params: { '*': string } }>(
      '/v1/models/*',
      {
        schema: { tags: ['inference'], summary: 'One model; its name may hold slashes', response: { 200: model } },
        config: { access },
      },
      (request) => {
        const found = inference.routes.find(request.params['*']);
        if (found?.isListed !== true)
          throw problem('model_not_found', `The model ${request.params['*']} does not exist`);
        return toModel(found);
      },
    );
    done();
  });
};

function toModel({ model: id, upstream, updatedAt, description, isLanguageModel }: ModelRoute) {
  const created = Math.floor(updatedAt / 1000);
  return { id, object: 'model' as const, created, owned_by: upstream, description, is_language_model: isLanguageModel };
}
