/** Scripts written without spaces between words: their text is indexed by pairs of characters. */
const PAIRED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}`;
const RUN = new RegExp(String.raw`([${PAIRED}]+)|((?:(?![${PAIRED}])[\p{L}\p{N}\p{M}_])+)`, 'gu');
const MAX_TERM_CHARS = 64;
/** A query is a question, not a document. */
const MAX_QUERY_TERMS = 64;

/**
 * The terms that a text is found by, in order and with repetitions: words in lower case; of each run of Chinese,
 * Japanese or Korean its pairs and its single characters, so that a query of one character finds something too.
 */
export function indexTerms(text: string): string[] {
  return runsOf(text).flatMap((run) => (run.isPaired ? [...run.characters, ...pairs(run.characters)] : [run.word]));
}

/** The terms that a query asks for, each once: words, and pairs of characters where a run has more than one. */
export function queryTerms(query: string): string[] {
  const terms = runsOf(query).flatMap((run) => {
    if (!run.isPaired) return [run.word];
    return run.characters.length > 1 ? pairs(run.characters) : run.characters;
  });
  return [...new Set(terms)].slice(0, MAX_QUERY_TERMS);
}

type Run = { isPaired: true; characters: string[] } | { isPaired: false; word: string };

function runsOf(text: string): Run[] {
  // Compatibility forms (full-width letters, ligatures) are the same term.
  return [...text.normalize('NFKC').toLowerCase().matchAll(RUN)].map(([, paired, word]) =>
    paired === undefined
      ? {
          isPaired: false,
          word: Array.from(word ?? '')
            .slice(0, MAX_TERM_CHARS)
            .join(''),
        }
      : { isPaired: true, characters: Array.from(paired) },
  );
}

function pairs(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}
