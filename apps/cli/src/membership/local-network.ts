/** The network on this machine, as far as certificates are concerned: all its CAs are the user's. */
import { join } from 'node:path';
import { networkFiles } from '@snapscale/api';
import { describedNetwork, networkDirectory } from '../local-network/launcher-client.js';
import type { Values } from '../program/values.js';

/** What there is. */
export type LocalConsortium = {
  readonly caUrl: string;
  /** Where nodes renew their certificates. */
  readonly caTlsUrl: string;
  /** The organisation that is meant where none is named. */
  readonly organisation: string | undefined;
  /** `host:port` of nodes. */
  readonly peers: readonly string[];
  /** File with the secret of an organisation's operators. */
  secretFile(organisation: string): string;
};

/** As many as a node needs to find the others. */
const PEERS_MAX = 4;

/** The network in the directory that `--network` names, else in the usual one; undefined where there is none, or no CA. */
export function localConsortium(values: Values): LocalConsortium | undefined {
  const directory = networkDirectory(values.text('network'));
  const description = describedNetwork(directory);
  if (description?.ca === undefined) return undefined;
  const { ca, nodes, organisations } = description;
  return {
    caUrl: `http://localhost:${ca.port}`,
    caTlsUrl: `https://localhost:${ca.tlsPort}`,
    organisation: organisations?.[0]?.account,
    peers: nodes.slice(0, PEERS_MAX).map(({ peerPort }) => `127.0.0.1:${peerPort}`),
    secretFile: (organisation) => join(directory, networkFiles.ca, organisation, 'admin.secret'),
  };
}
