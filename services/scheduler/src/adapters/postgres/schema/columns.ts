import { timestamp } from 'drizzle-orm/pg-core';

/** A point in time with the precision that the platform speaks: milliseconds. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
