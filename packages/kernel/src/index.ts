export { InvariantViolation, invariant, unreachable } from './assert.ts';
export { systemContext, type CallContext, type Role, type TenantPath } from './call-context.ts';
export { systemClock, toRfc3339, type Clock, type Instant } from './clock.ts';
export { createIdSource, isId, systemIds, type Branded, type IdSource } from './ids.ts';
export {
  CURRENCY,
  formatYuan,
  MAX_MICROS,
  MICROS_PER_YUAN,
  mulDivCeil,
  mulDivFloor,
  parseMicros,
  type Micros,
} from './money.ts';
export { seededRng, type Rng } from './rng.ts';
export type { Logger } from './logger.ts';
