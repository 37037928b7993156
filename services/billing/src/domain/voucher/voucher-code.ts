/** No letter or digit of it looks or sounds like another (no 0 O Q, 1 I L, 5 S, 2 Z, 8 B, 6 G, U V Y). */
export const ALPHABET = '23456789ACDEFHJKMNPRTWX';
/** Prime, so that one wrong symbol or two that changed places always show in the check symbol. */
const BASE = ALPHABET.length;
const RANDOM_SYMBOLS = 19;
const GROUP = 5;
/** Bytes from here on would make some symbols likelier than others. */
const FAIR_BYTES = BASE * Math.floor(256 / BASE);

/** A new code: 85 bits of chance and one check symbol, as `XXXXX-XXXXX-XXXXX-XXXXX`. */
export function newVoucherCode(random: (size: number) => Uint8Array): string {
  let symbols = '';
  while (symbols.length < RANDOM_SYMBOLS) {
    for (const byte of random(RANDOM_SYMBOLS)) {
      if (byte < FAIR_BYTES && symbols.length < RANDOM_SYMBOLS) symbols += ALPHABET[byte % BASE];
    }
  }
  return grouped(symbols + checkSymbol(symbols));
}

/** The code as it was made, whatever case, spaces and dashes it was typed with; undefined when it was mistyped. */
export function readVoucherCode(typed: string): string | undefined {
  const symbols = typed.toUpperCase().replaceAll(/[\s-]/g, '');
  if (symbols.length !== RANDOM_SYMBOLS + 1 || Array.from(symbols).some((symbol) => !ALPHABET.includes(symbol)))
    return undefined;
  const check = checkSymbol(symbols.slice(0, RANDOM_SYMBOLS));
  return symbols.at(-1) === check ? grouped(symbols) : undefined;
}

/** Each place has its own weight, none of them a multiple of the base. */
function checkSymbol(symbols: string): string {
  const sum = Array.from(symbols).reduce((total, symbol, at) => total + (at + 1) * ALPHABET.indexOf(symbol), 0);
  return ALPHABET[sum % BASE] ?? '';
}

function grouped(symbols: string): string {
  return (symbols.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-');
}
