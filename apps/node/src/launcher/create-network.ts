/** A new network: a genesis with the producers' keys, for each node a data directory with its secrets, and the authorities. */
import { randomBytes } from 'node:crypto';
import type { LocalOrganisation, NetworkDescription } from '@snapscale/api';
import {
  blsPublicKeyOf,
  formatBlsPrivateKey,
  formatPrivateKey,
  generateBlsPrivateKey,
  generatePrivateKey,
  parsePrivateKey,
  publicKeyOf,
} from '@snapscale/crypto';
import { chainIdOf, defaultSnapParameters, type Genesis, msToSlot, name } from '@snapscale/protocol';
import { DEVELOPMENT_PRIVATE_KEY, newChainConfig, writeGenesis, writeKeys } from '../data-directory.js';
import { createAuthorities, type Reach } from './consortium/network-authorities.js';
import type { NetworkDirectory } from './network-directory.js';
import { type NodeNames, nodeNames } from './node-names.js';
import type { NetworkPorts } from './ports.js';

const BLS_SEED_BYTES = 48;

/** Makes a network of as many nodes as there are ports, and says what it is. */
export async function createNetwork(
  directory: NetworkDirectory,
  ports: NetworkPorts,
  nowMs: number,
): Promise<NetworkDescription> {
  const names = nodeNames(ports.nodes.length);
  const producers = names.map((node) => ({
    ...node,
    blockKey: generatePrivateKey('K1', randomBytes(32)),
    finalizerKey: generateBlsPrivateKey(randomBytes(BLS_SEED_BYTES)),
  }));
  const foundingKey = parsePrivateKey(DEVELOPMENT_PRIVATE_KEY);
  const genesis: Genesis = {
    initialSlot: msToSlot(nowMs),
    initialKey: publicKeyOf(foundingKey),
    config: newChainConfig,
    parameters: { ...defaultSnapParameters, stateCommitment: true },
    producers: producers.map((producer) => ({
      name: name(producer.name),
      key: publicKeyOf(producer.blockKey),
      finalizerKey: blsPublicKeyOf(producer.finalizerKey),
    })),
  };
  const description: NetworkDescription = {
    chainId: Buffer.from(chainIdOf(genesis)).toString('hex'),
    createdAt: new Date(nowMs).toISOString(),
    nodes: names.map(({ name, organisation }, index) => ({ name, organisation, ...ports.nodes[index]! })),
    organisations: organisationsOf(names),
    ca: ports.ca,
  };
  const secrets = new Map(producers.map((producer) => [producer.name, producer]));
  const founder = description.nodes[0]!.name;
  const writeNode = (node: { readonly name: string }, path: string) => {
    const { blockKey, finalizerKey } = secrets.get(node.name)!;
    const isFounder = node.name === founder;
    writeGenesis(path, { genesis, development: true, founded: !isFounder });
    writeKeys(path, {
      producers: [node.name],
      producerKeys: [formatPrivateKey(blockKey)],
      finalizerKeys: [formatBlsPrivateKey(finalizerKey)],
      // Signs the first transactions.
      ...(isFounder ? { foundingKey: DEVELOPMENT_PRIVATE_KEY } : {}),
      inUse: false,
    });
  };
  await directory.create(description, writeNode, authoritiesOf(description, nowMs));
  return description;
}

/** Gives a network that was made before there were consortia what it needs to found one, and says what it is now. */
export async function addConsortium(
  directory: NetworkDirectory,
  found: NetworkDescription,
  nowMs: number,
): Promise<NetworkDescription> {
  const names = nodeNames(found.nodes.length);
  const organisation = new Map(names.map((node) => [node.name, node.organisation]));
  const description: NetworkDescription = {
    ...found,
    nodes: found.nodes.map((node) => ({ ...node, organisation: organisation.get(node.name) ?? node.name })),
    organisations: organisationsOf(names),
  };
  await directory.addAuthorities(description, authoritiesOf(description, nowMs));
  return description;
}

/** Where the authorities and the nodes of a network are reached. */
export function reachOf({ nodes, ca, chainId }: NetworkDescription): Reach {
  const peers = nodes.map(({ peerPort }) => `127.0.0.1:${peerPort}`);
  return { url: `http://localhost:${ca!.port}`, peers, chainId };
}

function authoritiesOf(description: NetworkDescription, nowMs: number) {
  return (path: string) => createAuthorities(path, description.organisations!, reachOf(description), nowMs);
}

function organisationsOf(names: readonly NodeNames[]): LocalOrganisation[] {
  const titles = new Map(names.map(({ organisation, title }) => [organisation, title]));
  return [...titles].map(([account, title]) => ({ account, title }));
}
