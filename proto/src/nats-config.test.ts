import { describe, expect, it } from 'vitest';
import { agentPermissions, natsAuthorization, servicePermissions } from './nats-config.ts';
import { CONSUMERS, EVENTS, SERVICES } from './subjects.ts';

describe('NATS permissions', () => {
  it('let no agent touch a subject of another cluster', () => {
    const shanghai = agentPermissions('cn-shanghai');
    const all = [...shanghai.publish, ...shanghai.subscribe].filter((subject) => subject.startsWith('suanli.'));
    expect(all.every((subject) => subject.startsWith('suanli.agent.cn-shanghai.'))).toBe(true);
    expect(all.some((subject) => subject.includes('*') || subject.includes('>'))).toBe(false);
  });

  it.each(SERVICES)('let %s publish no event of another service', (service) => {
    const events = servicePermissions(service).publish.filter((subject) => subject.startsWith('suanli.'));
    const foreign = events.filter((s) => !s.startsWith(`suanli.${service}.`) && !s.startsWith('suanli.agent.*.down.'));
    expect(foreign).toEqual([]);
  });

  it('give every event to the stream of the service that its subject names', () => {
    for (const { subject } of Object.values(EVENTS)) {
      expect(subject).toMatch(/^suanli\.(billing|scheduler|workflow|modelhub|gateway)\.[a-z_]+\.[a-z_]+\.v1$/);
    }
  });

  it('name every durable consumer once', () => {
    const names = Object.values(CONSUMERS).map((consumer) => `${consumer.stream}/${consumer.durable}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('write one user for each service and cluster', () => {
    const text = natsAuthorization(['cn-shanghai', 'cn-hefei'], (user) => `"secret-of-${user}"`);
    expect(text.match(/user: "/g)).toHaveLength(SERVICES.length + 2);
  });
});
