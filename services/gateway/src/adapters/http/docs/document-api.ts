import swagger from '@fastify/swagger';
import reference from '@scalar/fastify-api-reference';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { HttpApp } from '../create-http-app.ts';
import type { HttpDeps } from '../http-deps.ts';
import { errorsPage } from './errors-page.ts';

const DESCRIPTION = `Compute, models, workflows and money of Suanli.

Every request carries \`Authorization: Bearer sk_…\`. Lists are paged by \`limit\` and \`cursor\`. A POST with an
\`Idempotency-Key\` can be repeated safely for 24 hours. Errors are \`application/problem+json\` with a stable \`code\`;
all of them are listed at /docs/errors. Money is a decimal string of micro-units with its currency.`;

/** OpenAPI 3.1 from the routes' schemas, and a page to browse it that needs nothing from elsewhere. */
export async function documentApi(app: HttpApp, deps: Pick<HttpDeps, 'publicUrl'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Suanli', version: '1', description: DESCRIPTION },
      servers: [{ url: deps.publicUrl }],
      components: { securitySchemes: { api_key: { type: 'http', scheme: 'bearer', description: 'An API key: sk_…' } } },
      security: [{ api_key: [] }],
    },
    transform: ({ schema, url, route, ...rest }) => {
      const { access } = route.config ?? {};
      const described = jsonSchemaTransform({ schema: schema ?? {}, url, route, ...rest });
      if (access === undefined || access === 'public')
        return { ...described, schema: { ...described.schema, security: [] } };
      const note = `Scope: \`${access.scope}\`${access.caller === 'operator' ? ', operator only' : ''}.`;
      const description = [described.schema['description'], note].filter((part) => part !== undefined).join('\n\n');
      return { ...described, schema: { ...described.schema, description } };
    },
  });
  await app.register(reference, {
    routePrefix: '/docs',
    configuration: { title: 'Suanli API', withDefaultFonts: false, telemetry: false, hideClientButton: true },
  });
  const errors = errorsPage();
  app.get('/docs/errors', { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(errors),
  );
}
