/** Names of the producers of a new network, which are also accounts, and of the organisations that run them. */

/** Valid as account names: letters only, at most 12 with a suffix. */
const words = [
  ...['north', 'east', 'south', 'west', 'harbour', 'river', 'forest', 'meadow', 'valley', 'summit', 'island'],
  ...['canyon', 'prairie', 'glacier', 'lagoon', 'desert', 'delta', 'coast', 'ridge', 'grove', 'spring'],
] as const;

/** Digits that account names may have. */
const DIGITS = '12345';

/** A node's name and the organisation that it belongs to. */
export type NodeNames = { readonly name: string; readonly organisation: string };

/** `count` different names, always the same ones: `north` of `North`, …; from the 22nd on `north1` of `North1`, …. */
export function nodeNames(count: number): NodeNames[] {
  return Array.from({ length: count }, (_, index) => {
    const word = words[index % words.length]!;
    const suffix = suffixOf(Math.floor(index / words.length));
    const name = word + suffix;
    return { name, organisation: name.charAt(0).toUpperCase() + name.slice(1) };
  });
}

/** '' for 0, then 1 … 5, 11 … 55, …. */
function suffixOf(number: number): string {
  let rest = number;
  let text = '';
  while (rest > 0) {
    rest -= 1;
    text = DIGITS[rest % DIGITS.length] + text;
    rest = Math.floor(rest / DIGITS.length);
  }
  return text;
}
