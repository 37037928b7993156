import swagger from '@fastify/swagger';
import reference from '@scalar/fastify-api-reference';
import type { FastifyContextConfig } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { HttpApp } from '../create-http-app.ts';
import type { HttpDeps } from '../http-deps.ts';
import { errorsPage } from './errors-page.ts';

const DESCRIPTION = `Compute, models, workflows and money of Suanli.

Every request carries \`Authorization: Bearer sk_…\`. Lists are paged by \`limit\` and \`cursor\`. A POST with an
\`Idempotency-Key\` can be repeated safely for 24 hours. Errors are \`application/problem+json\` with a stable \`code\`;
all of them are listed at /docs/errors. Money is a decimal string of micro-units with its currency.`;

const PROBLEM_RESPONSE = {
  description: 'A problem (RFC 9457); all of them are listed at /docs/errors',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id', 'retryable'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          instance: { type: 'string' },
          code: { type: 'string' },
          request_id: { type: 'string' },
          retryable: { type: 'boolean' },
        },
      },
    },
  },
};

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
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform({ ...route, schema: route.schema ?? {} });
      return describe(schema, url, route.route.config?.access);
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

type Described = ReturnType<typeof jsonSchemaTransform>['schema'];

/** Adds to a route's own schema what holds for all: scope, problems, and names for wildcards. */
function describe(
  schema: Described,
  url: string,
  access: FastifyContextConfig['access'],
): { schema: Described; url: string } {
  if (schema['hide'] === true) return { schema, url };
  const isOpen = access === undefined || access === 'public';
  const scope = isOpen ? [] : [`Scope: \`${access.scope}\`${access.caller === 'operator' ? ', operator only' : ''}.`];
  const description = [schema['description'], ...scope].filter((part) => part !== undefined).join('\n\n');
  return {
    url: url.replace('*', ':path'),
    schema: {
      ...schema,
      ...(isOpen && { security: [] }),
      ...(description !== '' && { description }),
      ...(schema['params'] !== undefined && { params: withoutWildcard(schema['params']) }),
      response: { ...(schema['response'] as object), default: PROBLEM_RESPONSE },
    },
  };
}

function withoutWildcard(params: unknown): unknown {
  return JSON.parse(JSON.stringify(params).replaceAll('"*"', '"path"'));
}
