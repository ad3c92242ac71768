/** What is said when the network is up. */
import { type NetworkDescription, networkFiles } from '@snapscale/api';
import { DEVELOPMENT_PRIVATE_KEY } from '../data-directory.js';

/** Networks with more nodes than this show the first ones only. */
const SHOWN_MAX = 7;
/** Where commands look unless told otherwise. */
const USUAL_PORT = 8888;

export type Welcome = {
  readonly description: NetworkDescription;
  readonly directory: string;
  /** The directory is the one that commands look at unless told otherwise. */
  readonly isUsualDirectory: boolean;
  /** This start has founded the chain. */
  readonly isNew: boolean;
  readonly isMembersOnly: boolean;
};

/** The final text of a start: addresses, keys, what to try, how to let somebody in, how to stop. */
export function welcome({ description, directory, isUsualDirectory, isNew, isMembersOnly }: Welcome): string {
  const { nodes } = description;
  const first = `http://localhost:${nodes[0]!.httpPort}`;
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const shown = nodes.slice(0, SHOWN_MAX);
  const last = nodes.at(-1)!;
  const at = nodes[0]!.httpPort === USUAL_PORT ? '' : ` -u ${first}`;
  const data = isUsualDirectory ? '' : ` --data ${directory}`;
  const as = isMembersOnly ? ' --identity guest' : '';
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
    ...(isMembersOnly ? ['Nodes answer members of the consortium alone.'] : []),
    '',
    ...lettingIn(description, directory, isUsualDirectory, at),
    `Try:  npx snapscale transfer alice bob "5.0000 XST"${as}${at}`,
    `      npx snapscale network status${data}`,
    ...(nodes.length < 4 ? [] : [`      npx snapscale network kill ${last.name}${data}    (the others go on)`]),
    'Stop with Ctrl-C; the next start resumes.',
    '',
  ].join('\n');
}

/** Nothing where the network has no certificate authority. */
function lettingIn(
  { ca, organisations = [] }: NetworkDescription,
  directory: string,
  isUsualDirectory: boolean,
  at: string,
): string[] {
  const organisation = organisations[0]?.account;
  if (ca === undefined || organisation === undefined) return [];
  const secret = `${directory}/${networkFiles.ca}/${organisation}/admin.secret`;
  return [
    `Let somebody in, with a certificate of ${organisation}:`,
    `      npx snapscale member invite -o ${organisation}${isUsualDirectory ? '' : ` --ca http://localhost:${ca.port} \\`}`,
    ...(isUsualDirectory ? [] : [`          --ca-secret ${secret}`]),
    '      npx snapscale member apply CODE --name guest    (with the code that this prints)',
    `      npx snapscale token create --identity guest --curl${at} | sh    (calls a node as guest)`,
    '',
  ];
}
