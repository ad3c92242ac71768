/** What is said when the network is up. */
import type { NetworkDescription } from '@snapscale/api';
import { DEVELOPMENT_PRIVATE_KEY } from '../data-directory.js';

/** Networks with more nodes than this show the first ones only. */
const SHOWN_MAX = 7;

/** The final text of a start: addresses, keys, what to try, how to stop. */
export function welcome(description: NetworkDescription, directory: string, isNew: boolean): string {
  const { nodes } = description;
  const first = `http://localhost:${nodes[0]!.httpPort}`;
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const shown = nodes.slice(0, SHOWN_MAX);
  const last = nodes.at(-1)!;
  return [
    '',
    `SnapScale is running at ${first}`,
    `${nodes.length} organisations with one producer each, on this machine:`,
    '',
    ...shown.map(({ name, httpPort }) => `  ${name.padEnd(width)}  http://localhost:${httpPort}`),
    ...(nodes.length > shown.length
      ? [`  … and ${nodes.length - shown.length} more, up to ${last.name}  http://localhost:${last.httpPort}`]
      : []),
    '',
    `  status page     ${first}/`,
    `  every endpoint  ${first}/docs`,
    '  accounts        eosio, alice, bob',
    `  private key     ${DEVELOPMENT_PRIVATE_KEY}`,
    ...(isNew ? ['  first transfer  alice paid bob 1.0000 XST'] : []),
    `  data and logs   ${directory}`,
    '',
    'WARNING: a development network. Its key is known to everybody; keep nothing of value here.',
    '',
    'Try:  npx snapscale transfer alice bob "5.0000 XST"',
    '      npx snapscale network status',
    ...(nodes.length < 4 ? [] : [`      npx snapscale network kill ${last.name}    (the others go on)`]),
    'Stop with Ctrl-C; the next start resumes.',
    '',
  ].join('\n');
}
