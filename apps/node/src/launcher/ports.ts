/** Finding free ports on loopback, and saying whose a taken one is. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LaunchFailure } from './failure.js';

/** Ports of a node. */
export type NodePorts = { readonly httpPort: number; readonly peerPort: number; readonly tlsPort: number };

/** Ports of a network. */
export type NetworkPorts = {
  readonly nodes: readonly NodePorts[];
  readonly ca: { readonly port: number; readonly tlsPort: number };
};

/**
 * Ports of each other kind are looked for this far above those of the kind before, so that networks whose first ports are
 * apart do not take each other's when they start at the same time.
 */
const KIND_DISTANCE = 1000;
const PORT_MAX = 65_535;
/** Where any free ports are taken from: below those that the system gives to outgoing connections. */
const ANY_PORT = { from: 10_000, to: 30_000 } as const;
/** Time that whoever holds a port has to say who it is, milliseconds. */
const ASK_TIMEOUT_MS = 700;

/**
 * Ports for `count` nodes and the certificate authority: HTTP from `firstHttpPort` on, which must be free; the others take the
 * next free ones, links between nodes 1000 above, HTTPS 2000 above, the certificate authority 3000 above. With 0 all are
 * wherever there is room. @throws LaunchFailure
 */
export async function choosePorts(count: number, firstHttpPort: number): Promise<NetworkPorts> {
  if (firstHttpPort !== 0 && !(await isFree(firstHttpPort))) throw await taken(firstHttpPort);
  const from = firstHttpPort === 0 ? randomInt(ANY_PORT.from, ANY_PORT.to) : firstHttpPort;
  const step = from + 3 * KIND_DISTANCE + count <= PORT_MAX ? KIND_DISTANCE : -KIND_DISTANCE;
  const used = new Set<number>();
  const next = async (kind: number, wanted: number) => {
    const found = await nextFree(from + kind * step, wanted, used);
    for (const port of found) used.add(port);
    return found;
  };
  const [http, peer, tls] = [await next(0, count), await next(1, count), await next(2, count)];
  const [port, tlsPort] = await next(3, 2);
  return {
    nodes: http.map((httpPort, i) => ({ httpPort, peerPort: peer[i]!, tlsPort: tls[i]! })),
    ca: { port: port!, tlsPort: tlsPort! },
  };
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
