/** Runs testdata/*.txt. `REWRITE=1 npx vitest run packages/consensus/src/transcripts.test.ts` writes what happens now. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runTranscript } from './testing/transcript.js';

const folder = fileURLToPath(new URL('testdata/', import.meta.url));

it.each(readdirSync(folder))('%s', (file) => {
  const text = readFileSync(folder + file, 'utf8');
  const now = runTranscript(text);
  if (process.env.REWRITE === '1') writeFileSync(folder + file, now);
  else expect(now).toBe(text);
});
