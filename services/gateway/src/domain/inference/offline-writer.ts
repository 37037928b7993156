import type { ChatMessage } from './chat.ts';
import { countTokens } from './tokens.ts';

const MAX_SENTENCES = 12;
const MIN_SENTENCE_CHARS = 20;
const OUTLINE = /\boutline\b|\bheadings?\b|提纲|大纲/i;
const STOP_WORDS = new Set(
  'a an and are as at be but by can for from has have how if in into is it its more not of on one or our out over so such than that the their then there these they this to up was we what when which while who will with would you your write draft revise using use text please article section sections words short about each following material source sources notes only'.split(
    ' ',
  ),
);

/**
 * Writes an answer out of the conversation alone: an outline when the last message asks for one, otherwise the
 * sentences of the material that share the most words with the request, in the order in which they stood.
 */
export function writeOffline(messages: readonly ChatMessage[], maxTokens: number): string {
  const request = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const [firstLine = ''] = request.split('\n').filter((line) => line.trim() !== '');
  const sentences = [...new Set(messages.flatMap((message) => sentencesOf(message.content)))];
  const material = sentences.filter((sentence) => !firstLine.includes(sentence));
  const text = OUTLINE.test(firstLine) ? outline(firstLine, material) : extract(firstLine, material, maxTokens);
  return clip(text, maxTokens);
}

function extract(request: string, material: readonly string[], maxTokens: number): string {
  if (material.length === 0) return `There is no material to write from. Request: ${request.trim()}`;
  const wanted = new Set(wordsOf(request));
  const rarity = rarities(material);
  const ranked = material
    .map((sentence, place) => ({ sentence, place, score: scoreOf(sentence, wanted, rarity) }))
    .sort((a, b) => b.score - a.score || a.place - b.place);
  const [best, ...others] = ranked.slice(0, MAX_SENTENCES);
  const chosen = best === undefined ? [] : [best];
  let tokens = countTokens(best?.sentence ?? '') + 1;
  for (const candidate of others) {
    const more = countTokens(candidate.sentence) + 1;
    if (tokens + more > maxTokens) continue;
    chosen.push(candidate);
    tokens += more;
  }
  return chosen
    .sort((a, b) => a.place - b.place)
    .map(({ sentence }) => sentence)
    .join(' ');
}

/** Numbered headings: the subject, then the words that the material comes back to most. */
function outline(request: string, material: readonly string[]): string {
  const subject = subjectOf(request);
  const counts = new Map<string, number>();
  for (const word of material.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const own = new Set(wordsOf(subject));
  const salient = [...counts]
    .filter(([word, count]) => count > 1 && !own.has(word))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([word]) => word);
  const facets = [...salient, 'what it is', 'why it matters', 'how it works', 'limits'].slice(0, 4);
  return facets.map((facet, i) => `${i + 1}. ${subject}: ${facet}`).join('\n');
}

function subjectOf(request: string): string {
  const named = /\b(?:about|on|for)\s+["“]?([^".:\n”]+)|[:：]\s*["“]?([^"\n”]+)/i.exec(request);
  return (named?.[1] ?? named?.[2] ?? request).trim().slice(0, 80);
}

/** Share of wanted words, the rare ones counting more; long sentences are not favoured for their length. */
function scoreOf(sentence: string, wanted: ReadonlySet<string>, rarity: ReadonlyMap<string, number>): number {
  const words = new Set(wordsOf(sentence));
  const hits = [...words].filter((word) => wanted.has(word)).reduce((sum, word) => sum + (rarity.get(word) ?? 0), 0);
  return hits / Math.sqrt(words.size + 1);
}

function rarities(sentences: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sentence of sentences)
    for (const word of new Set(wordsOf(sentence))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].map(([word, count]) => [word, Math.log(1 + sentences.length / count)]));
}

/** Sentences of running text. Headings, lists' marks and fragments are no sentences. */
function sentencesOf(text: string): string[] {
  return text
    .replace(/^\s*#.*$/gm, '\n')
    .split(/\n\s*\n|\n(?=[-*>|\d])/)
    .map((block) =>
      block
        .replace(/^\s*(?:[-*>]|\d+\.)\s+/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .flatMap((block) => block.match(/[^.!?。！？]+(?:[.!?](?!\s|$)[^.!?。！？]*)*[.!?。！？]+/g) ?? [])
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length >= MIN_SENTENCE_CHARS);
}

/** Words of spaced scripts in lower case without common ones; pairs of neighbouring characters of the others. */
function wordsOf(text: string): string[] {
  const latin = text.toLowerCase().match(/[\p{Script=Latin}\p{N}][\p{Script=Latin}\p{N}-]+/gu) ?? [];
  const runs = text.match(/\p{Script=Han}{2,}/gu) ?? [];
  const pairs = runs.flatMap((run) => Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2)));
  return [...latin.filter((word) => !STOP_WORDS.has(word)), ...pairs];
}

function clip(text: string, maxTokens: number): string {
  if (countTokens(text) <= maxTokens) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (countTokens(text.slice(0, middle)) <= maxTokens) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
}
