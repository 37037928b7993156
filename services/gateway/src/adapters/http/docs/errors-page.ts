import { type ProblemKind, PROBLEMS } from '../problems/catalogue.ts';

const ENTRIES = Object.entries(PROBLEMS) as [string, ProblemKind][];

/** What `type` of a problem points to. */
export function errorsPage(): string {
  const rows = ENTRIES.map(
    ([code, kind]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${kind.status}</td><td>${escapeHtml(kind.title)}</td><td>${escapeHtml(kind.docs)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Suanli errors</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem}td,th{padding:.3rem .8rem;text-align:left;vertical-align:top}tr:target{background:#fd7}</style>
<h1>Errors</h1><table><tr><th>code<th>status<th>what<th>what to do</tr>
${rows.join('\n')}
</table></html>`;
}

/** The same as a page of docs/api. */
export function errorsMarkdown(): string {
  const rows = ENTRIES.map(
    ([code, { status, title, docs, retryable }]) =>
      `| \`${code}\` | ${status} | ${title} | ${docs} | ${retryable ? 'yes' : ''} |`,
  );
  return `# Errors

Generated from the error catalogue of the gateway (\`services/gateway/src/adapters/http/problems/catalogue.ts\`).
Every error is \`application/problem+json\` (RFC 9457) with these members beside the standard ones: \`code\`,
\`request_id\`, \`retryable\`, and where they help \`errors\` (fields by JSON pointer), \`details\`, \`shortfall_micros\`.

| code | status | what | what to do | retryable |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
