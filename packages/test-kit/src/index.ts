export { eventually } from './eventually.ts';
export { silentLogger } from './silent-logger.ts';
export { SimClock } from './sim-clock.ts';
export { type TestBus, testBus } from './test-bus.ts';
export { type TestDatabase, testDatabase, type TestDatabaseOptions } from './test-database.ts';
export { redisUrl } from './test-redis.ts';
export { type TestTls, testTls, type TlsFiles, type TlsIdentity } from './test-tls.ts';
export { type TestTokens, testTokens, type TokenRequest } from './test-tokens.ts';
