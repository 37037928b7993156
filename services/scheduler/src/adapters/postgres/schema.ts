export { inbox, leadership, outbox, requests } from '@suanli/postgres';
export { clusters, gpuReservations, gpus, nodes, regions, reservations, skus } from './schema/catalogue.ts';
export { accountStandings, accountUse, attempts, chores, logChunks, tasks, workloads } from './schema/workloads.ts';
