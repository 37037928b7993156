/** One row of RFC 4180, with its line end. */
export function csvRow(fields: readonly (string | bigint | number)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

const NEEDS_QUOTES = /[",\r\n]/;
/** What a spreadsheet takes for the start of a formula. Our own numbers are no text, so a sign of theirs stays. */
const FORMULA = /^[=+\-@\t\r]/;

function csvField(value: string | bigint | number): string {
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
