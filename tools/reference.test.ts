import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { referenceCommand, referenceDirectory, referencePages } from './generate-reference.js';

it('docs/reference is what the code says', async () => {
  for (const [name, text] of await referencePages()) {
    expect(readFileSync(join(referenceDirectory, name), 'utf8'), `${name} is stale: ${referenceCommand}`).toBe(text);
  }
});
