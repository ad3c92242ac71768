/** Finding free ports on loopback, and saying whose a taken one is. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LaunchFailure } from './failure.js';

/** Ports of a node. */
export type NodePorts = { readonly httpPort: number; readonly peerPort: number };

/**
 * Ports for links between nodes are looked for this far above the first HTTP port, so that networks whose first ports are
 * apart do not take each other's when they start at the same time.
 */
const PEER_PORT_DISTANCE = 1000;
const PORT_MAX = 65_535;
/** Where any free ports are taken from: below those that the system gives to outgoing connections. */
const ANY_PORT = { from: 10_000, to: 30_000 } as const;
/** Time that whoever holds a port has to say who it is, milliseconds. */
const ASK_TIMEOUT_MS = 700;

/**
 * Ports for `count` nodes: HTTP from `firstHttpPort` on, which must be free; the others take the next free ones. With 0
 * all are wherever there is room. @throws LaunchFailure
 */
export async function choosePorts(count: number, firstHttpPort: number): Promise<NodePorts[]> {
  if (firstHttpPort !== 0 && !(await isFree(firstHttpPort))) throw await taken(firstHttpPort);
  const from = firstHttpPort === 0 ? randomInt(ANY_PORT.from, ANY_PORT.to) : firstHttpPort;
  const http = await nextFree(from, count, new Set());
  const above = from + PEER_PORT_DISTANCE + count <= PORT_MAX ? from + PEER_PORT_DISTANCE : from - PEER_PORT_DISTANCE;
  const peer = await nextFree(above, count, new Set(http));
  return http.map((httpPort, i) => ({ httpPort, peerPort: peer[i]! }));
}

/** Whether a program on this machine could listen there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The failure for a port that cannot be had. */
export async function taken(port: number): Promise<LaunchFailure> {
  const holder = await holderOf(port);
  return new LaunchFailure(`port ${port} of 127.0.0.1 is taken by ${holder}`, {
    hint: 'Stop that program, or choose another port for the first node: --port N (the others take the next free ones)',
  });
}

async function holderOf(port: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chain/get_info`, { signal });
    const { server_version_string: version } = (await answer.json()) as { server_version_string?: unknown };
    if (typeof version === 'string') return `a node (${version.slice(0, 60)})`;
  } catch {
    // It speaks something else, or nothing.
  }
  return 'another program';
}

async function nextFree(from: number, count: number, except: ReadonlySet<number>): Promise<number[]> {
  const found: number[] = [];
  for (let port = from; found.length < count; port++) {
    if (port > PORT_MAX) throw new LaunchFailure(`there are not ${count} free ports from ${from} to ${PORT_MAX}`);
    if (!except.has(port) && (await isFree(port))) found.push(port);
  }
  return found;
}
