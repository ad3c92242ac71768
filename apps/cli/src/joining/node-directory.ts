/** The data directory of a node that joins a network: genesis, keys and identity, as the node reads them. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BLS_SEED_BYTES,
  blsProofOfPossession,
  blsPublicKeyOf,
  formatBlsPrivateKey,
  formatBlsPublicKey,
  formatBlsSignature,
  formatPrivateKey,
  formatPublicKey,
  fromHex,
  generateBlsPrivateKey,
  generatePrivateKey,
  type PrivateKey,
  parseBlsPrivateKey,
  parsePrivateKey,
  publicKeyOf,
  toHex,
} from '@snapscale/crypto';
import { chainIdOf, decode, type Genesis, genesisSchema } from '@snapscale/protocol';
import type { Client } from '@snapscale/sdk';
import { parsePrivateKeyPem } from '@snapscale/sdk/certificates';
import { developmentPublicKey } from '../keys/development.js';
import { newSubjectKey, pemOf } from '../membership/enrolment.js';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import { publicHost } from './programs.js';
import { writePrivate } from './walk.js';

/** What of the keys others must know. */
export type ProducerKeys = {
  readonly blockKey: string;
  readonly finalizerKey: string;
  readonly proofOfPossession: string;
};

/** Where the files are. */
function filesOf(directory: string) {
  return {
    genesis: join(directory, 'genesis.json'),
    keys: join(directory, 'keys.json'),
    certificate: join(directory, 'identity', 'node.pem'),
    privateKey: join(directory, 'identity', 'node.key'),
    authorities: join(directory, 'identity', 'authorities.pem'),
  } as const;
}

/** The key of the node's certificate, made at the first time. */
export function identityKey(directory: string): PrivateKey {
  const { privateKey } = filesOf(directory);
  if (!existsSync(privateKey)) writePrivate(privateKey, pemOf(newSubjectKey()));
  return parsePrivateKeyPem(readFileSync(privateKey, 'utf8'));
}

/** Whether the node has its certificate. */
export function hasCertificate(directory: string): boolean {
  return existsSync(filesOf(directory).certificate);
}

/** The node's certificate, in PEM. */
export function certificateOf(directory: string): string {
  return readFileSync(filesOf(directory).certificate, 'utf8');
}

/** Writes the certificate with the roots. */
export function writeCertificate(directory: string, certificate: string, authorities: readonly string[]): void {
  const files = filesOf(directory);
  writePrivate(files.authorities, `${authorities.map((pem) => pem.trim()).join('\n')}\n`);
  writePrivate(files.certificate, certificate);
}

/**
 * Options that the node needs for the chain of its directory. Only the genesis says whether that is a development network: its
 * id is a hash of it. Where others reach the node, nothing is open to everybody there either.
 */
export function startOptions(directory: string, hosts: readonly string[]): readonly string[] {
  const path = filesOf(directory).genesis;
  if (!existsSync(path)) return [];
  const { genesis } = JSON.parse(readFileSync(path, 'utf8')) as { readonly genesis: never };
  if (!isDevelopmentGenesis(genesisSchema.fromJson(genesis))) return ['--production'];
  return publicHost(hosts) === undefined ? [] : ['--admission', 'chain'];
}

/** Whether everybody knows the key that a chain begins with. */
function isDevelopmentGenesis({ initialKey }: Genesis): boolean {
  return formatPublicKey(initialKey) === developmentPublicKey;
}

/** Keys of a node that only follows: none. */
export function writeNoProducerKeys(directory: string): void {
  const { keys } = filesOf(directory);
  if (existsSync(keys)) return;
  writeJson(keys, { producers: [], public_keys: [], producer_keys: [], finalizer_keys: [], in_use: false });
}

/** Keys of a producer, made at the first time; they never leave this machine. @throws CommandError for another producer's */
export function producerKeys(directory: string, producer: string): ProducerKeys {
  const { keys } = filesOf(directory);
  if (!existsSync(keys)) {
    const [block, finalizer] = [
      generatePrivateKey('K1', randomBytes(32)),
      generateBlsPrivateKey(randomBytes(BLS_SEED_BYTES)),
    ];
    writeJson(keys, {
      producers: [producer],
      public_keys: [formatPublicKey(publicKeyOf(block)), formatBlsPublicKey(blsPublicKeyOf(finalizer))],
      producer_keys: [formatPrivateKey(block)],
      finalizer_keys: [formatBlsPrivateKey(finalizer)],
      in_use: false,
    });
  }
  const stored = JSON.parse(readFileSync(keys, 'utf8')) as Readonly<Record<string, readonly string[]>>;
  const [blockKey = '', finalizerKey = ''] = [stored.producer_keys?.[0], stored.finalizer_keys?.[0]];
  if (stored.producers?.[0] !== producer || blockKey === '' || finalizerKey === '') {
    throw configurationError(`${keys} holds other keys than those of ${producer}`, 'Give another --data directory.');
  }
  const finalizer = parseBlsPrivateKey(finalizerKey);
  return {
    blockKey: formatPublicKey(publicKeyOf(parsePrivateKey(blockKey))),
    finalizerKey: formatBlsPublicKey(blsPublicKeyOf(finalizer)),
    proofOfPossession: formatBlsSignature(blsProofOfPossession(finalizer)),
  };
}

/**
 * Writes the genesis of the network, as a node of it gives it; that it is the one of the chain id is checked here.
 * @returns the chain id
 */
export async function writeGenesis(client: Client, directory: string): Promise<string> {
  const path = filesOf(directory).genesis;
  const { chain_id: chainId } = await client.api.chain.getInfo();
  if (existsSync(path)) {
    const { genesis } = JSON.parse(readFileSync(path, 'utf8')) as { readonly genesis: never };
    const stored = toHex(chainIdOf(genesisSchema.fromJson(genesis)));
    if (stored === chainId) return chainId;
    throw configurationError(
      `${directory} is of the chain ${stored.slice(0, 12)}…, and ${client.url} of ${chainId.slice(0, 12)}…`,
      'Give another --data directory, or another node with -u.',
    );
  }
  const { genesis: packed } = await client.api.snap.getLightClientUpdate({ from_schedule: 0 });
  if (packed === undefined) throw noGenesis(client.url, 'it gave none');
  const genesis = decode(genesisSchema, fromHex(packed));
  if (toHex(chainIdOf(genesis)) !== chainId) throw noGenesis(client.url, 'it gave that of another chain');
  writeJson(path, {
    development: isDevelopmentGenesis(genesis),
    founded: true,
    genesis: genesisSchema.toJson(genesis),
  });
  return chainId;
}

function writeJson(path: string, value: unknown): void {
  writePrivate(path, `${JSON.stringify(value, null, 2)}\n`);
}

function noGenesis(url: string, why: string): CommandError {
  return new CommandError(
    'no_genesis',
    exitCodes.unreachable,
    `the genesis of the network cannot be had from ${url}: ${why}`,
    'Ask another node with -u.',
  );
}
