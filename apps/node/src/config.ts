/** What the node was asked to do: the command line, checked. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type AdmissionPolicy, admissionPolicies } from '@snapscale/api';
import { reversibleBlocksDefault } from '@snapscale/consensus';
import { limits, type Name, parseName } from '@snapscale/protocol';

export type NodeConfig = {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Fresh keys, nothing well known, no development accounts. */
  readonly production: boolean;
  /** A snapshot to begin from, when the data directory is empty. */
  readonly snapshot: string | undefined;
  /** Blocks and traces to keep; 0 keeps all. */
  readonly blocksToKeep: number;
  readonly mapSizeBytes: number;
  /** Blocks above the final one at which production pauses (CON-7); undefined: the default. */
  readonly reversibleBlocksMax: number | undefined;
  readonly logLevel: string;
  /** Port for other nodes; 0: any free one. Undefined: the node is alone. */
  readonly peerPort: number | undefined;
  readonly peerHost: string;
  /** `host:port` of nodes to connect to. */
  readonly peers: readonly string[];
  /** Folder with `node.pem`, `node.key` and `authorities.pem`. */
  readonly identityDir: string;
  /** How a new node gets to where the others are: it executes all blocks, or takes a state from them. */
  readonly sync: 'blocks' | 'snapshot';
  /** Blocks from one snapshot for other nodes to the next; 0: none. */
  readonly snapshotEveryBlocks: number;
  /** Account that earns the edge share of fees of the transactions that this node serves. */
  readonly edgeAccount: Name | undefined;
  /** Port for HTTPS with the node's identity, at `host`; 0: any free one. Undefined: none. */
  readonly tlsPort: number | undefined;
  /** Who is let in at the HTTP doors; undefined: `open` on development networks, `chain` on others. */
  readonly admission: AdmissionPolicy | undefined;
  /** URL of the organisation's CA, which renews the node's certificate; undefined: nobody does. */
  readonly ca: string | undefined;
  /** A renewed certificate gets a new key. */
  readonly renewKey: boolean;
};

export const usage = `Usage: npm start -- --single [options]

Runs one SnapScale node. Without further options: a development network of its own, with one
producer, on http://localhost:8888, with well-known keys, for this machine only.

  --data DIR        where the chain is kept      (default: .snapscale/development or .snapscale/production)
  --port N          HTTP port, 0 = any free one  (default: 8888)
  --host ADDRESS    HTTP address                 (default: 127.0.0.1; development networks stay on loopback)
  --production      a network with fresh keys and no development accounts
  --snapshot FILE   begin from a snapshot (the data directory must be empty)
  --keep-blocks N   blocks and traces to keep    (default: 0 = all)
  --edge-account A  account that earns the edge share of fees (default: none)
  --map-size GB     largest size of the state    (default: 64)
  --reversible-blocks N  blocks without finality at which production pauses (default: ${reversibleBlocksDefault})
  --peer-port N     port for other nodes, 0 = any free one (default: none, the node is alone)
  --peer-host A     address for other nodes      (default: 127.0.0.1)
  --peers LIST      host:port,host:port,… to connect to
  --identity DIR    node.pem, node.key and authorities.pem (default: identity in the data directory)
  --sync HOW        of a new node: blocks (execute all) or snapshot (take a state from
                    other nodes, checked from the genesis on; default: blocks)
  --snapshot-every N  blocks between snapshots for other nodes, 0 = none (default: 7200)
  --tls-port N      port for HTTPS with the node's identity, 0 = any free one (default: none)
  --admission HOW   who may call: open, chain (as the consortium has decided) or members
                    (default: open on development networks, else chain)
  --ca URL          the organisation's certificate authority, which renews the node's certificate
  --renew-key       a renewed certificate gets a new key
  --log-level L     fatal|error|warn|info|debug|trace  (default: info)
  --help            this text
`;

/** A command line that cannot be followed; the message says which part and why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Parses the arguments after the program's name. Undefined when help was asked for. @throws UsageError */
export function parseConfig(args: readonly string[], root: string): NodeConfig | undefined {
  const values = parsed(args);
  if (values.help === true) return undefined;
  const production = values.production === true;
  const host = values.host ?? '127.0.0.1';
  if (!production && !LOOPBACK.has(host)) {
    throw new UsageError(
      `--host ${host}: the development network's keys are known to everybody, so it listens on loopback only; add --production for a network of your own`,
    );
  }
  const dataDir = resolve(
    expandHome(values.data ?? join(root, '.snapscale', production ? 'production' : 'development')),
  );
  const peerPort = values['peer-port'];
  if (peerPort === undefined && values.peers !== undefined) {
    throw new UsageError(`--peers ${values.peers}: give --peer-port too, at which this node takes connections`);
  }
  return {
    dataDir,
    host,
    port: integer('--port', values.port ?? '8888', 0, 65_535),
    production,
    snapshot: values.snapshot === undefined ? undefined : resolve(values.snapshot),
    blocksToKeep: integer('--keep-blocks', values['keep-blocks'] ?? '0', 0, 2 ** 32 - 1),
    mapSizeBytes: integer('--map-size', values['map-size'] ?? '64', 1, 16_384) * 2 ** 30,
    reversibleBlocksMax:
      values['reversible-blocks'] === undefined
        ? undefined
        : integer('--reversible-blocks', values['reversible-blocks'], 1, limits.reversibleBlocksMax),
    logLevel: oneOf('--log-level', values['log-level'] ?? 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    peerPort: peerPort === undefined ? undefined : integer('--peer-port', peerPort, 0, 65_535),
    peerHost: values['peer-host'] ?? '127.0.0.1',
    peers: (values.peers ?? '')
      .split(',')
      .filter((peer) => peer !== '')
      .map(peerAddress),
    identityDir: resolve(expandHome(values.identity ?? join(dataDir, 'identity'))),
    sync: oneOf('--sync', values.sync ?? 'blocks', ['blocks', 'snapshot']) as NodeConfig['sync'],
    snapshotEveryBlocks: integer('--snapshot-every', values['snapshot-every'] ?? '7200', 0, 2 ** 32 - 1),
    edgeAccount: values['edge-account'] === undefined ? undefined : account('--edge-account', values['edge-account']),
    ...identityOptions(values),
  };
}

function identityOptions(
  values: ReturnType<typeof parsed>,
): Pick<NodeConfig, 'tlsPort' | 'admission' | 'ca' | 'renewKey'> {
  const { 'tls-port': tlsPort, admission, ca } = values;
  return {
    tlsPort: tlsPort === undefined ? undefined : integer('--tls-port', tlsPort, 0, 65_535),
    admission: admission === undefined ? undefined : admissionPolicy(admission),
    ca: ca === undefined ? undefined : webAddress('--ca', ca),
    renewKey: values['renew-key'] === true,
  };
}

function admissionPolicy(text: string): AdmissionPolicy {
  return oneOf('--admission', text, admissionPolicies) as AdmissionPolicy;
}

function webAddress(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`${option} ${text}: expected an address, for example https://ca.example.org:8443`);
  }
  return url.href.replace(/\/$/, '');
}

function peerAddress(text: string): string {
  const [, port] = /^(?:\[[\da-f:]+\]|[^:\s]+):(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`--peers ${text}: expected host:port, for example 10.0.0.7:9876 or [fd00::7]:9876`);
  }
  return text;
}

function account(option: string, text: string): Name {
  try {
    return parseName(text);
  } catch (error) {
    throw new UsageError(`${option} ${text}: ${error instanceof Error ? error.message : error}`);
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        production: { type: 'boolean' },
        snapshot: { type: 'string' },
        'keep-blocks': { type: 'string' },
        'map-size': { type: 'string' },
        'reversible-blocks': { type: 'string' },
        'log-level': { type: 'string' },
        'peer-port': { type: 'string' },
        'peer-host': { type: 'string' },
        peers: { type: 'string' },
        identity: { type: 'string' },
        sync: { type: 'string' },
        'snapshot-every': { type: 'string' },
        'edge-account': { type: 'string' },
        'tls-port': { type: 'string' },
        admission: { type: 'string' },
        ca: { type: 'string' },
        'renew-key': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A number as an option gives it. @throws UsageError */
export function integer(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${option} ${text}: expected a whole number from ${min} to ${max}`);
  }
  return value;
}

function oneOf(option: string, text: string, allowed: readonly string[]): string {
  if (!allowed.includes(text)) throw new UsageError(`${option} ${text}: expected one of ${allowed.join(', ')}`);
  return text;
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
