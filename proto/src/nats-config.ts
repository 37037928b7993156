import { agentSubjects, CONSUMERS, LIVE_FEEDS, type ServiceName, SERVICES } from './subjects.ts';

/** What one NATS identity may do. Everything else is refused by the server. */
export type NatsPermissions = { publish: string[]; subscribe: string[]; allowResponses: boolean };

/** Permissions of a service: its own events and stream, the consumers it owns on other streams, nothing else. */
export function servicePermissions(service: ServiceName): NatsPermissions {
  const consumers = Object.values(CONSUMERS).filter((consumer) => consumer.service === service);
  const isScheduler = service === 'scheduler';
  return {
    publish: [
      `suanli.${service}.>`,
      ...['INFO', 'CREATE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${service}`),
      ...consumers.flatMap(({ stream, durable, subject }) => [
        `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
        // With the filter in the subject: a consumer cannot widen it.
        `$JS.API.CONSUMER.CREATE.${stream}.${durable}.${subject}`,
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
        `$JS.ACK.${stream}.${durable}.>`,
      ]),
      ...(isScheduler ? ['suanli.agent.*.down.>'] : []),
    ],
    subscribe: [
      `_INBOX_${service}.>`,
      `suanli.${service}.>`,
      ...LIVE_FEEDS.filter((feed) => feed.service === service).map((feed) => feed.subject),
      ...(isScheduler ? ['suanli.agent.*.up.>'] : []),
    ],
    allowResponses: isScheduler,
  };
}

/** Permissions of one cluster's agent: it can neither publish nor read for another cluster. */
export function agentPermissions(cluster: string): NatsPermissions {
  const { sync, logs, wake } = agentSubjects(cluster);
  return { publish: [sync, logs], subscribe: [`_INBOX_agent-${cluster}.>`, wake], allowResponses: false };
}

/** Name of the NATS user of a cluster's agent. */
export function agentUser(cluster: string): string {
  return `agent-${cluster}`;
}

/**
 * The `authorization` block of the NATS server's configuration. `password` gives the text after `password:`: a quoted
 * secret, or `$NAME` for one from the server's environment.
 */
export function natsAuthorization(clusters: readonly string[], password: (user: string) => string): string {
  const users = [
    ...SERVICES.map((service) => ({ user: service as string, permissions: servicePermissions(service) })),
    ...clusters.map((cluster) => ({ user: agentUser(cluster), permissions: agentPermissions(cluster) })),
  ];
  return `authorization {\n  users = [\n${users.map((entry) => userBlock(entry, password)).join('\n')}\n  ]\n}\n`;
}

function userBlock(
  { user, permissions }: { user: string; permissions: NatsPermissions },
  password: (user: string) => string,
): string {
  const list = (subjects: string[]) => `[${[...new Set(subjects)].map((subject) => `"${subject}"`).join(', ')}]`;
  const responses = permissions.allowResponses ? '\n      allow_responses: { max: 1, expires: "30s" }' : '';
  return `    { user: "${user}", password: ${password(user)}, permissions: {
      publish: ${list(permissions.publish)}
      subscribe: ${list(permissions.subscribe)}${responses}
    } }`;
}
