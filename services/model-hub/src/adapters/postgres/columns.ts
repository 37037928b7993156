import { customType, timestamp } from 'drizzle-orm/pg-core';

/** A point in time to the millisecond. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** Text in the order of its UTF-8 bytes, whatever the database's collation: keys that callers page by. */
export const orderedText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
