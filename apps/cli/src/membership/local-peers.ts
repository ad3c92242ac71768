/** The nodes of the network on this machine, as other nodes reach them. */
import { describedNetwork, networkDirectory } from '../local-network/launcher-client.js';

/** As many as a node needs to find the others. */
const PEERS_MAX = 4;

/** `host:port` of its nodes; none where there is no such network. */
export function localPeers(): string[] {
  const { nodes } = describedNetwork(networkDirectory(undefined)) ?? { nodes: [] };
  return nodes.slice(0, PEERS_MAX).map(({ peerPort }) => `127.0.0.1:${peerPort}`);
}
