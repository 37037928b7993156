import { type Micros, mulDivCeil } from '@suanli/kernel';
import type { TokenUsage } from './chat.ts';

/** `amountMicros` buys `perTokens` tokens. */
export type UnitPrice = { amountMicros: Micros; perTokens: bigint };
export type TokenPrice = { input: UnitPrice; output: UnitPrice };

/** Rounded up for each meter, so that what is reserved always covers what billing will charge. */
export function costOf(price: TokenPrice, usage: TokenUsage): Micros {
  return part(price.input, usage.inputTokens) + part(price.output, usage.outputTokens);
}

function part({ amountMicros, perTokens }: UnitPrice, tokens: number): Micros {
  return mulDivCeil(BigInt(tokens), amountMicros, perTokens);
}
