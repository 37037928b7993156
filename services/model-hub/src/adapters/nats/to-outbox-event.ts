import type { OutboxEvent } from '@suanli/postgres';
import { EVENTS } from '@suanli/proto/subjects';
import { RevisionCommitted, RouteChanged } from '@suanli/proto/suanli/events/v1/modelhub.ts';
import type { HubEvent } from '../../app/ports.ts';

/** The one place that knows how a fact of this service looks on the bus. */
export function toOutboxEvent(id: string, event: HubEvent): OutboxEvent {
  switch (event.kind) {
    case 'revision_committed': {
      const { repository, commit } = event;
      const { repositoryId, owner, subAccountId, kind } = repository;
      const tenant = { ...owner, ...(subAccountId !== undefined && { subAccountId }), principalId: commit.principalId };
      const message: RevisionCommitted = {
        repositoryId,
        tenant: { ...tenant, subAccountId: subAccountId ?? '' },
        kind,
        revision: commit.revision,
        committedAt: new Date(commit.createdAt),
      };
      return {
        id,
        subject: EVENTS.revisionCommitted.subject,
        aggregateId: repositoryId,
        aggregateVersion: BigInt(commit.number),
        tenant,
        payload: RevisionCommitted.toJSON(message),
        occurredAt: commit.createdAt,
      };
    }
    case 'route_changed': {
      const { route } = event;
      const message: RouteChanged = {
        model: route.model,
        upstream: route.isRemoved ? '' : route.upstream,
        upstreamModel: route.upstreamModel,
        version: BigInt(route.version),
        description: route.description,
        isLanguageModel: route.isLanguageModel,
      };
      return {
        id,
        subject: EVENTS.routeChanged.subject,
        aggregateId: route.model,
        aggregateVersion: BigInt(route.version),
        payload: RouteChanged.toJSON(message),
        occurredAt: route.updatedAt,
      };
    }
  }
}
