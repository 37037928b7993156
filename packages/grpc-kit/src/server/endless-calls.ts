import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

type Endless = Pick<ServerDuplexStream<unknown, unknown>, 'end' | 'once'>;

export type EndlessCalls = {
  /** A server to register on: streams of what is registered through it are remembered until they close. */
  tracking(server: Server): Pick<Server, 'addService'>;
  endAll(): void;
};

/**
 * `Health.Watch` and reflection are written by others and never end by themselves: without this, one watcher would hold
 * every stop up to its limit.
 */
export function endlessCalls(): EndlessCalls {
  const open = new Set<Endless>();

  function tracked(implementation: UntypedServiceImplementation): UntypedServiceImplementation {
    const wrapped: UntypedServiceImplementation = {};
    for (const [name, handler] of Object.entries(implementation)) {
      wrapped[name] = (call: Endless, ...rest: unknown[]) => {
        if ('write' in call) {
          open.add(call);
          call.once('cancelled', () => open.delete(call));
        }
        return Reflect.apply(handler, implementation, [call, ...rest]);
      };
    }
    return wrapped;
  }

  return {
    tracking: (server) => ({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) =>
        server.addService(definition, tracked(implementation)),
    }),
    endAll() {
      for (const call of open) call.end();
    },
  };
}
