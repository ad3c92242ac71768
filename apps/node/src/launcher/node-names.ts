/** Names of the producers of a new network and of the organisations that run them: both are accounts, too. */

/** Valid as account names: letters only, at most 12 with a suffix. */
const words = [
  ...['north', 'east', 'south', 'west', 'harbour', 'river', 'forest', 'meadow', 'valley', 'summit', 'island'],
  ...['canyon', 'prairie', 'glacier', 'lagoon', 'desert', 'delta', 'coast', 'ridge', 'grove', 'spring'],
] as const;

/** Digits that account names may have. */
const DIGITS = '12345';

/** A node's name, and the organisation that it belongs to: its account, and its title for people. */
export type NodeNames = { readonly name: string; readonly organisation: string; readonly title: string };

/**
 * `count` different nodes, always the same ones: `north` of the organisation `north`, North Mobile, …. There are 21
 * organisations: from the 22nd node on they have several, `north1` of `north`, ….
 */
export function nodeNames(count: number): NodeNames[] {
  return Array.from({ length: count }, (_, index) => {
    const organisation = words[index % words.length]!;
    const title = `${organisation.charAt(0).toUpperCase()}${organisation.slice(1)} Mobile`;
    return { name: organisation + suffixOf(Math.floor(index / words.length)), organisation, title };
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
