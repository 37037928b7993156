export { deferred, type Deferred } from './deferred.ts';
export { eventually } from './eventually.ts';
export { natsUrl, pgAdminUrl, redisUrl } from './provided.ts';
export { silentLogger } from './silent-logger.ts';
export { SimClock } from './sim-clock.ts';
export { type TestBus, testBus } from './test-bus.ts';
export { type TestDatabase, testDatabase, type TestDatabaseOptions } from './test-database.ts';
export { type TestTls, testTls, type TlsFiles, type TlsIdentity } from './identity/test-tls.ts';
export { type TestTokens, testTokens, type TokenRequest } from './identity/test-tokens.ts';
