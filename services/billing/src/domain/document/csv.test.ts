import { describe, expect, it } from 'vitest';
import { csvRow } from './csv.ts';

describe('csvRow', () => {
  it('follows RFC 4180: quotes where they are needed, doubled inside, CRLF at the end', () => {
    expect(csvRow(['a', 'b,c', 'say "hi"', 'two\nlines', '中文', 12n])).toBe(
      'a,"b,c","say ""hi""","two\nlines",中文,12\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('lets no text be a formula: %j', (text) => {
    const [field = ''] = csvRow([text]).split('\r\n');
    expect(field.replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves the sign of our own numbers', () => {
    expect(csvRow([-5n, -0.5])).toBe('-5,-0.5\r\n');
  });
});
