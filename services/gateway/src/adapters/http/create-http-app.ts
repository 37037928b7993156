import { randomUUID } from 'node:crypto';
import Fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createAllowedMethods } from './allowed-methods.ts';
import { documentApi } from './docs/document-api.ts';
import { auditHook, finishAudit } from './hooks/audit.ts';
import { authenticateHook } from './hooks/authenticate.ts';
import { fastifyLogger } from './fastify-logger.ts';
import { handleError, handleNotFound } from './hooks/errors.ts';
import { beginHook, finishClaim } from './hooks/idempotency.ts';
import type { HttpDeps } from './http-deps.ts';
import { HANDLER_TIMEOUT_MS, MAX_BODY_BYTES } from './limits.ts';
import { registerRoutes } from './routes/index.ts';

export type HttpApp = ReturnType<typeof createFastify>;
/** A board's routes; `app` checks and types them by their zod schemas. */
export type Routes = (app: HttpApp, deps: HttpDeps) => void | Promise<void>;

const OWN_REQUEST_ID = /^[\w.:-]{8,128}$/;

/** The public listener, not yet listening. The same for the service and for writing its OpenAPI document. */
export async function createHttpApp(deps: HttpDeps): Promise<HttpApp> {
  const app = createFastify(deps);
  app.setValidatorCompiler(validatorCompiler);
  // Answers are typed by their schema when compiled; checking each again at run time would only slow them down.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // Routes take JSON unless they say otherwise.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(handleError);
  const methods = createAllowedMethods();
  app.setNotFoundHandler((request, reply) => handleNotFound(methods, request, reply));
  addContext(app, deps);
  app.addHook('onRoute', (route) => {
    methods.add(route);
    checkRoute(route);
  });
  await documentApi(app, deps);
  await registerRoutes(app, deps);
  return app;
}

function createFastify(deps: Pick<HttpDeps, 'logger' | 'trustedProxies'>) {
  return Fastify({
    loggerInstance: fastifyLogger(deps.logger),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: deps.trustedProxies.length > 0 ? [...deps.trustedProxies] : false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && OWN_REQUEST_ID.test(given) ? given : `req_${randomUUID()}`;
    },
    // Paths that cannot be decoded reach no route, and none of its hooks.
    frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_024 },
  }).withTypeProvider<ZodTypeProvider>();
}

function addContext(app: FastifyInstance, deps: HttpDeps): void {
  app.decorateRequest('principal', undefined);
  app.decorateRequest('commandId', '');
  app.decorateRequest('claim', undefined);
  app.decorateRequest('auditId', undefined);
  app.decorateRequest('problemCode', undefined);
  app.decorateRequest('left');
  app.addHook('onRequest', async (request, reply) => {
    request.left = leavingSignal(reply);
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onRequest', authenticateHook(deps));
  app.addHook('preHandler', beginHook(deps));
  app.addHook('preHandler', auditHook(deps));
  app.addHook('onSend', async (request, reply, payload) => {
    await finishClaim(request, reply, payload);
    await finishAudit(deps, request, reply);
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => report(deps, request, reply));
}

/** The connection closing before the answer is out is the one sure sign that nobody waits for it. */
function leavingSignal({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => raw.writableFinished || left.abort());
  return left.signal;
}

/** A route that says not who may call it, or a change that names itself not for the audit log, is a slip: no start. */
function checkRoute(route: RouteOptions): void {
  const { access, audit, isStreaming } = route.config ?? {};
  const methods = [route.method].flat();
  const isChange = methods.some((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
  if (access === undefined && !route.url.startsWith('/docs')) throw new Error(`${route.url} has no access rule`);
  if (isChange && audit === undefined)
    throw new Error(`${String(route.method)} ${route.url} has no name for the audit log`);
  if (isStreaming !== true) route.handlerTimeout = HANDLER_TIMEOUT_MS;
}

function report(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'none';
  const durationMs = Math.round(reply.elapsedTime);
  deps.observe({ method: request.method, route, status: reply.statusCode, durationMs });
  request.log.debug(
    { method: request.method, route, status: reply.statusCode, durationMs, keyId: request.principal?.keyId },
    'request answered',
  );
}
