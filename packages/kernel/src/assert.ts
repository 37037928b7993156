/** A broken promise of our own code: never caught to go on, always a bug. */
export class InvariantViolation extends Error {
  override name = 'InvariantViolation';
}

/** Throws when `condition` is false. For what must hold whatever a user sends; user input is refused with a value. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unreachable: ${JSON.stringify(value)}`);
}
