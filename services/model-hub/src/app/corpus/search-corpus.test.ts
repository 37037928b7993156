import { SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aContext, aHub } from '../../testing/build.ts';
import { createCorpus } from './create-corpus.ts';
import { putDocument } from './put-document.ts';
import { searchCorpus } from './search-corpus.ts';

const ctx = aContext();
const word = fc.constantFrom('gpu', 'scheduler', 'price', '算力', '调度', '价格', 'the', 'a', '。', '\n\n', '. ');
const anyText = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => `x ${words.join(' ')}`);

it('whatever stands in a document is found in it, at the place that is cited', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 4 }), word, async (texts, query) => {
      const hub = aHub(new SimClock());
      await createCorpus(hub, ctx, { name: 'c' });
      for (const [index, text] of texts.entries()) {
        await putDocument(hub, ctx, { corpus: 'c', name: `d${index}`, text });
      }
      const found = await searchCorpus(hub, ctx.tenant, { corpus: 'c', query, limit: 50 });
      const hits = found.kind === 'done' ? found.value : [];
      const isWord = /\p{L}/u.test(query);
      const standsIn = texts.flatMap((text, index) =>
        isWord && text.split(/\s+/).includes(query) ? [`d${index}`] : [],
      );
      expect([...new Set(hits.map((hit) => hit.documentName))].toSorted()).toEqual(standsIn);
      for (const hit of hits) {
        const text = texts[Number(hit.documentName.slice(1))] ?? '';
        expect(Array.from(text).slice(hit.fromChar, hit.toChar).join('')).toBe(hit.text);
        expect(hit.text).toContain(query);
      }
    }),
    { numRuns: 60 },
  );
});

it.each([
  ['nothing', ' ', 5],
  ['a novel', 'x'.repeat(3_000), 5],
  ['too many hits', 'x', 51],
])('refuses a query for %s', async (_story, query, limit) => {
  const refused = await searchCorpus(aHub(new SimClock()), ctx.tenant, { corpus: 'c', query, limit });
  expect(refused).toMatchObject({ refusal: { reason: 'invalid_query' } });
});
