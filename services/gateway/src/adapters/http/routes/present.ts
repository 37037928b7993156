/** What a service must have put into its answer. */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a service answered without what was asked for');
  return value;
}
