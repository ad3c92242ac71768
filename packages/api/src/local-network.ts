/**
 * Control of a network whose nodes all run on one machine: what `snapscale network` says to the process that holds the
 * nodes, and where each finds the other. Messages are JSON, one a line, over a socket that the owner alone may use.
 */

/** Where such a network is kept unless told otherwise, below the checkout. */
export const defaultNetworkDirectory = '.snapscale/network';

/** Files in the network's directory. */
export const networkFiles = {
  /** The nodes and their ports. Written last when a network is made. */
  network: 'network.json',
  /** How to reach the process that holds the nodes: {@link LauncherAddress}. Remains after a kill, and is stale then. */
  launcher: 'launcher.json',
  /** A data directory for each node, by its name. */
  nodes: 'nodes',
  logs: 'logs',
  /** Keys and papers of the certificate authorities of all organisations. */
  ca: 'ca',
} as const;

/** How the certificate authority is called where nodes are named. */
export const caProgramName = 'ca';

/** The log of a node (or of the launcher, `launcher`): what it writes now, and the part before that. */
export function logFileNames(node: string): { readonly current: string; readonly previous: string } {
  return { current: `${node}.log`, previous: `${node}.1.log` };
}

/** How to reach the process that holds the nodes. */
export type LauncherAddress = {
  readonly pid: number;
  /** Path of a Unix socket, or name of a pipe on Windows. */
  readonly socket: string;
  /** To be repeated in every request: who can read it may command. */
  readonly token: string;
};

/** What the launcher can be asked to do. */
export type NetworkCommand =
  | { readonly kind: 'status' | 'heal' | 'down' }
  | { readonly kind: 'start' | 'stop' | 'kill'; readonly node: string }
  /** Nodes that are in no group are a group of their own. */
  | { readonly kind: 'partition'; readonly groups: readonly (readonly string[])[] };

/** A request: one line. */
export type NetworkRequest = { readonly token: string; readonly command: NetworkCommand };

/** Answers, one a line: to `up` progress, in the end one of the others. */
export type NetworkReply =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'done'; readonly status: NetworkStatus }
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly lines: readonly string[];
      readonly hint?: string | undefined;
    };

/** What a node's process is doing. `failed`: it ended without being asked to. */
export type LocalNodeState = 'stopped' | 'starting' | 'running' | 'stopping' | 'killed' | 'failed';

/** A node of the network, as it is now. */
export type LocalNodeStatus = {
  readonly name: string;
  /** Title of its organisation. */
  readonly organisation: string;
  readonly state: LocalNodeState;
  /** Why it is in this state, or what its health says is wrong; undefined when all is well. */
  readonly reason?: string;
  readonly pid?: number;
  readonly url: string;
  readonly peerPort: number;
  readonly tlsPort?: number;
  /** The side of a partition that it is on, from 1; undefined without a partition. */
  readonly side?: number;
  /** Number of the newest block; missing when the node does not answer. */
  readonly head?: number;
  readonly final?: number;
  readonly peers?: number;
};

/** The certificate authority, as it is now. */
export type LocalCaStatus = Pick<LocalNodeStatus, 'state' | 'reason' | 'pid' | 'url'> & {
  /** Where certificates are asked for by EST. */
  readonly tlsUrl: string;
};

/** The network as it is now. */
export type NetworkStatus = {
  readonly directory: string;
  /** Whether a launcher holds it. */
  readonly running: boolean;
  /** Process of the launcher. */
  readonly pid?: number;
  readonly chainId: string;
  readonly nodes: readonly LocalNodeStatus[];
  /** The program with the organisations' certificate authorities; undefined where the network has none. */
  readonly ca?: LocalCaStatus;
  /** What nodes have reported lately that a person should know. */
  readonly notices: readonly string[];
  /** What was set up, at the start that founded the chain. */
  readonly founded?: boolean;
};

/** What `network.json` holds. */
export type NetworkDescription = {
  readonly chainId: string;
  readonly createdAt: string;
  readonly nodes: readonly LocalNode[];
  /** Who forms the consortium; missing in networks that were made before there was one. */
  readonly organisations?: readonly LocalOrganisation[];
  /** Of the certificate authority, at the last start. */
  readonly ca?: { readonly port: number; readonly tlsPort: number };
};

/** An organisation of the consortium. */
export type LocalOrganisation = { readonly account: string; readonly title: string };

/** A node as the network was made. Ports are those of the last start. */
export type LocalNode = {
  readonly name: string;
  /** Account of its organisation. */
  readonly organisation: string;
  readonly httpPort: number;
  readonly peerPort: number;
  /** For HTTPS with the node's certificate; missing in networks that were made before there was one. */
  readonly tlsPort?: number;
};
