/** What this program says it is. */
import { readFileSync } from 'node:fs';
import { sha256, toHex } from '@snapscale/crypto';
import type { ServerVersion } from './http/backend.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const hash = toHex(sha256(new TextEncoder().encode(`snapscale ${version}`))).slice(0, 8);

export const serverVersion: ServerVersion = { version: `v${version}`, fullVersion: `v${version}-${hash}`, hash };
