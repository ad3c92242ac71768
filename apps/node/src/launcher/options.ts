/** What the launcher was asked to do: its command line, checked. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultNetworkDirectory } from '@snapscale/api';
import { limits } from '@snapscale/protocol';
import { integer, UsageError } from '../config.js';

/** Producers of a network unless told otherwise. */
const PRODUCERS = 4;

export type LauncherOptions = {
  readonly directory: string;
  /** HTTP port of the first node; 0: all ports are whatever is free. */
  readonly port: number;
  /** Nodes of a new network; undefined: those that it has, or the default. */
  readonly producers: number | undefined;
  readonly logLevel: string;
  /** The nodes' HTTP doors let members of the consortium in alone. */
  readonly isMembersOnly: boolean;
  /** Started by the command line, which listens over IPC, and left alone then. */
  readonly isBackground: boolean;
  /** Only end what a launcher that was killed has left behind. */
  readonly isCleaning: boolean;
};

export const launcherUsage = `Usage: npm start -- [options]

Runs a whole SnapScale network on this machine: four organisations with one producer each, as separate
processes with mutual TLS between them. For development: its keys are known to everybody.

  --data DIR      where the network is kept            (default: ${defaultNetworkDirectory})
  --port N        HTTP port of the first node; the others take the next free ones, 0 = any  (default: 8888)
  --producers N   nodes of a new network               (default: ${PRODUCERS})
  --members-only  nodes answer members of the consortium alone, who show a certificate or a token of it
  --log-level L   of the nodes: fatal|error|warn|info|debug|trace  (default: info)
  --help          this text

One node alone, also as part of a network of your own:

  npm start -- --single             a chain with one producer
  npm start -- --production         the same with fresh keys and no development accounts
  npm start -- --single --help      its options: data directory, addresses, snapshots, …

While it runs: npx snapscale network --help
`;

/** How many nodes a new network gets. */
export function producersOf({ producers }: LauncherOptions): number {
  return producers ?? PRODUCERS;
}

/** Parses the arguments after the program's name. Undefined when help was asked for. @throws UsageError */
export function parseLauncherOptions(args: readonly string[], root: string): LauncherOptions | undefined {
  const values = parsed(args);
  if (values.help === true) return undefined;
  const { data, port = '8888', producers, 'log-level': logLevel = 'info' } = values;
  if (!LOG_LEVELS.includes(logLevel)) {
    throw new UsageError(`--log-level ${logLevel}: expected one of ${LOG_LEVELS.join(', ')}`);
  }
  return {
    directory: data === undefined ? join(root, defaultNetworkDirectory) : resolve(data),
    port: integer('--port', port, 0, 65_535),
    producers: producers === undefined ? undefined : integer('--producers', producers, 1, limits.producersMax),
    logLevel,
    isMembersOnly: values['members-only'] === true,
    isBackground: values.background === true,
    isCleaning: values.clean === true,
  };
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];
/** Options of the node that make no sense for several at once. */
const singleOptions = [
  'host',
  'keep-blocks',
  'map-size',
  'reversible-blocks',
  'edge-account',
  'snapshot',
  'production',
];

function parsed(args: readonly string[]) {
  const single = args.map((arg) => arg.replace(/^--|=.*$/g, '')).find((name) => singleOptions.includes(name));
  if (single !== undefined) {
    throw new UsageError(`--${single} is an option of one node alone: add --single`);
  }
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        producers: { type: 'string' },
        'log-level': { type: 'string' },
        'members-only': { type: 'boolean' },
        background: { type: 'boolean' },
        clean: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
