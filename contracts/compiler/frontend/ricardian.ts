/**
 * Ricardian texts: what an action means, for the people who sign it. `NAME.contracts.md` holds one section for each
 * action, `NAME.clauses.md` those that hold for the contract as a whole.
 */

/** A section's id and its text, without white space around it. */
export type RicardianSection = { readonly id: string; readonly body: string };

/** The sections under `<h1 class="contract">ID</h1>`, in their order. */
export function parseRicardianContracts(markdown: string): RicardianSection[] {
  return parseSections(markdown, 'contract');
}

/** The sections under `<h1 class="clause">ID</h1>`, in their order. */
export function parseRicardianClauses(markdown: string): RicardianSection[] {
  return parseSections(markdown, 'clause');
}

function parseSections(markdown: string, kind: 'contract' | 'clause'): RicardianSection[] {
  const heading = new RegExp(`<h1\\s+class="${kind}">\\s*([^<]*?)\\s*</h1>`, 'g');
  const headings = [...markdown.replaceAll('\r\n', '\n').matchAll(heading)];
  return headings.map((match, i) => ({
    id: match[1]!,
    body: match.input.slice(match.index + match[0].length, headings[i + 1]?.index).trim(),
  }));
}
