import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeOffline } from './offline-writer.ts';
import { countTokens } from './tokens.ts';

const material = `# Notes
A GPU that waits for data earns nothing for its owner. Bin packing puts jobs on as few nodes as it can.
Fragmentation leaves GPUs that no waiting job can use. The weather in Hefei is mild in spring.

The best-fit rule chooses the node with the least room left. 装箱算法把任务放到尽可能少的节点上，减少碎片。`;
const ask = (request: string) => [
  { role: 'system', content: material },
  { role: 'user', content: request },
];

describe('writeOffline', () => {
  it('chooses what the request is about, in the order in which it stood', () => {
    const text = writeOffline(ask('Explain fragmentation and bin packing of GPUs'), 60);
    expect(text).toContain('Bin packing puts jobs on as few nodes as it can.');
    expect(text.indexOf('Bin packing')).toBeLessThan(text.indexOf('Fragmentation'));
  });

  it('invents nothing: every sentence stands in the material', () => {
    const text = writeOffline(ask('Explain fragmentation'), 500);
    for (const sentence of text.split(/(?<=[.。])\s/)) expect(material.replace(/\s+/g, ' ')).toContain(sentence.trim());
  });

  it('reads Chinese', () => {
    expect(writeOffline(ask('介绍装箱算法'), 500)).toContain('装箱算法把任务放到尽可能少的节点上');
  });

  it('gives an outline when one is asked for', () => {
    expect(writeOffline(ask('Write an outline about GPU scheduling'), 500)).toMatch(/^1\. GPU scheduling: .+\n2\. /);
  });

  it('says so when there is nothing to write from', () => {
    expect(writeOffline([{ role: 'user', content: 'Hello' }], 100)).toMatch(/no material/);
  });

  it('is deterministic and keeps to its limit, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 400 }),
        fc.string({ maxLength: 80 }),
        fc.integer({ min: 1, max: 50 }),
        (notes, request, limit) => {
          const messages = [
            { role: 'system', content: notes },
            { role: 'user', content: request },
          ];
          const text = writeOffline(messages, limit);
          expect(countTokens(text)).toBeLessThanOrEqual(limit);
          expect(writeOffline(messages, limit)).toBe(text);
        },
      ),
    );
  });
});
