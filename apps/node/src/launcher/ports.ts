/** Finding free ports on loopback, and saying whose a taken one is. */
import { createServer } from 'node:net';
import { LaunchFailure } from './failure.js';

/** Ports of a node. */
export type NodePorts = { readonly httpPort: number; readonly peerPort: number };

/** Where ports for links between nodes are looked for first: Antelope's. */
const FIRST_PEER_PORT = 9876;
const PORT_MAX = 65_535;
/** Time that whoever holds a port has to say who it is, milliseconds. */
const ASK_TIMEOUT_MS = 700;

/**
 * Ports for `count` nodes: HTTP from `firstHttpPort` on, which must be free; the others take the next free ones. With 0
 * all are whatever the system gives. @throws LaunchFailure
 */
export async function choosePorts(count: number, firstHttpPort: number): Promise<NodePorts[]> {
  if (firstHttpPort === 0) {
    const free = await anyFreePorts(2 * count);
    return Array.from({ length: count }, (_, i) => ({ httpPort: free[2 * i]!, peerPort: free[2 * i + 1]! }));
  }
  if (!(await isFree(firstHttpPort))) throw await taken(firstHttpPort);
  const http = [firstHttpPort, ...(await nextFree(firstHttpPort + 1, count - 1, new Set()))];
  const peer = await nextFree(FIRST_PEER_PORT, count, new Set(http));
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

/** All are held until the last one is found, so that they differ. */
async function anyFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
