/** A new network: a genesis with the producers' keys, and for each node a data directory with its secrets. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LocalNode, NetworkDescription } from '@snapscale/api';
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
import { DevelopmentAuthority } from '../p2p/development-authority.js';
import { identityFiles } from '../p2p/identity-files.js';
import { writeFileAtomicSync } from '../store/atomic-write.js';
import type { NetworkDirectory } from './network-directory.js';
import { nodeNames } from './node-names.js';
import type { NodePorts } from './ports.js';

const DAY_MS = 86_400_000;
/** Certificates are issued anew at a start when they end sooner than this. */
const RENEW_BEFORE_MS = 30 * DAY_MS;
const BLS_SEED_BYTES = 48;

/** Makes a network of as many nodes as there are ports, and says what it is. */
export async function createNetwork(
  directory: NetworkDirectory,
  ports: readonly NodePorts[],
  nowMs: number,
): Promise<NetworkDescription> {
  const producers = nodeNames(ports.length).map((names) => ({
    ...names,
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
    nodes: producers.map(({ name, organisation }, index) => ({ name, organisation, ...ports[index]! })),
  };
  const secrets = new Map(producers.map((producer) => [producer.name, producer]));
  const founder = description.nodes[0]!.name;
  const authority = await DevelopmentAuthority.create(AUTHORITY_NAME, nowMs);
  await directory.create(description, async (node, path) => {
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
    await writeIdentity(authority, node, path, nowMs);
  });
  return description;
}

const AUTHORITY_NAME = 'SnapScale development network';

/**
 * Gives all nodes new certificates of a new authority when one of them ends soon or is missing. The nodes must not run:
 * those that have certificates of different authorities do not know each other.
 * @returns whether it was necessary
 */
export async function renewIdentities(
  directory: NetworkDirectory,
  nodes: readonly LocalNode[],
  nowMs: number,
): Promise<boolean> {
  const trusted = new Set<string>();
  const isDue = nodes.some(({ name }) => {
    const { certificate, authorities } = identityFiles(join(directory.nodeDirectory(name), 'identity'));
    if (!existsSync(certificate) || !existsSync(authorities)) return true;
    // Several: an earlier renewal was interrupted.
    trusted.add(readFileSync(authorities, 'utf8'));
    const { validFrom, validTo } = new X509Certificate(readFileSync(certificate));
    return trusted.size > 1 || Date.parse(validTo) < nowMs + RENEW_BEFORE_MS || Date.parse(validFrom) > nowMs;
  });
  if (!isDue) return false;
  const authority = await DevelopmentAuthority.create(AUTHORITY_NAME, nowMs);
  for (const node of nodes) await writeIdentity(authority, node, directory.nodeDirectory(node.name), nowMs);
  return true;
}

async function writeIdentity(
  authority: DevelopmentAuthority,
  { name, organisation }: LocalNode,
  directory: string,
  nowMs: number,
): Promise<void> {
  const identity = await authority.issue({
    node: name,
    organisation,
    roles: ['producer'],
    nowMs,
    hosts: ['127.0.0.1'],
  });
  const files = identityFiles(join(directory, 'identity'));
  mkdirSync(dirname(files.certificate), { recursive: true, mode: 0o700 });
  writeText(files.certificate, identity.certificate);
  writeText(files.privateKey, identity.privateKey);
  writeText(files.authorities, `${identity.authorities.join('\n')}\n`);
}

/** Readable by the owner alone. */
function writeText(path: string, text: string): void {
  writeFileAtomicSync(path, new TextEncoder().encode(text));
}
