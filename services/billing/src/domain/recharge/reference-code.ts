/** Crockford base 32, which has no I, L, O and U: a payer may copy it from paper. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PREFIX = 'SL';
const BODY_CHARS = 12;
/** What the prefix looks like once letters that are mistaken for digits are read as those. */
const READ_PREFIX = 'S1';
const MAX_NOTE_CHARS = 1_000;

/** The code that a payer writes into the note of a transfer: 60 random bits of the recharge's id and a check character. */
export function referenceOf(rechargeId: string): string {
  const body = rechargeId.slice(-BODY_CHARS).toUpperCase();
  return `${PREFIX}${body}${checkOf(body)}`;
}

/**
 * The codes in a note as banks pass it on: with other words around it, spaces or dashes in it, in full-width letters,
 * with O for 0 and l for 1. A code with a slip in it is none: money must not reach another's wallet by a typing error.
 */
export function findReferences(note: string): string[] {
  const text = note
    .slice(0, MAX_NOTE_CHARS)
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  const found = new Set<string>();
  let next = 0;
  for (let at = text.indexOf(READ_PREFIX); at !== -1; at = text.indexOf(READ_PREFIX, next)) {
    next = at + 1;
    const from = at + READ_PREFIX.length;
    const body = text.slice(from, from + BODY_CHARS);
    const check = text[from + BODY_CHARS];
    const isCode = body.length === BODY_CHARS && body.split('').every((char) => ALPHABET.includes(char));
    if (!isCode || checkOf(body) !== check) continue;
    found.add(`${PREFIX}${body}${check}`);
    // Codes do not overlap: what looks like the beginning of one inside another is chance.
    next = from + BODY_CHARS + 1;
  }
  return [...found];
}

/** Weights 1, 2, 3 … modulo a prime: one wrong character or two that changed places show. */
function checkOf(body: string): string {
  const sum = body.split('').reduce((total, char, index) => total + (index + 1) * ALPHABET.indexOf(char), 0);
  return ALPHABET[sum % 31] ?? '';
}
