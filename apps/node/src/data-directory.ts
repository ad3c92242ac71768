/** The node's data directory: which chain it holds and the keys that sign its blocks. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkFiles } from '@snapscale/api';
import { encodeSafetyRecord, freshSafetyRecord } from '@snapscale/consensus';
import {
  BLS_SEED_BYTES,
  type BlsPrivateKey,
  blsPublicKeyOf,
  equalBytes,
  formatBlsPrivateKey,
  formatBlsPublicKey,
  formatPrivateKey,
  formatPublicKey,
  generateBlsPrivateKey,
  generatePrivateKey,
  parseBlsPrivateKey,
  parsePrivateKey,
  publicKeyOf,
  sha512,
} from '@snapscale/crypto';
import {
  defaultChainConfig,
  defaultSnapParameters,
  type Genesis,
  genesisSchema,
  msToSlot,
  names,
} from '@snapscale/protocol';
import { restoreSnapshot } from './snapshots.js';
import { writeFileAtomicSync } from './store/atomic-write.js';
import { JOURNAL_FOLDER, Journal } from './store/journal/journal.js';

/** The published EOSIO development key: known to everybody, so that any tool can be pointed at a development network. */
export const DEVELOPMENT_PRIVATE_KEY = '5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3';

/** What `keys.json` holds. Secrets are in text form. */
export type NodeKeys = {
  /** Accounts for which the node produces. */
  readonly producers: readonly string[];
  /** Keys that sign blocks. */
  readonly producerKeys: readonly string[];
  /** BLS keys that sign votes. */
  readonly finalizerKeys: readonly string[];
  /** Key of `eosio`, for the first transactions; absent: the first producer key. */
  readonly foundingKey?: string;
  /** A node has run with them: somebody who has no record of their votes must be careful. */
  readonly inUse: boolean;
};

/** What the directory says. */
export type ChainFiles = {
  readonly genesis: Genesis;
  readonly keys: NodeKeys;
  /** False while the first transactions of a new chain are not all made. */
  readonly founded: boolean;
  readonly development: boolean;
};

/** Bounds of a new chain, wider than Antelope's since CPU is metered and signatures are checked on other cores. */
export const newChainConfig = { ...defaultChainConfig, maxBlockCpuUsage: 400_000, minTransactionCpuUsage: 10 };

/**
 * Reads the directory, or founds a new chain in it. Founding a production network makes a fresh key and writes it to
 * `keys.json`, readable by the owner alone. With `snapshot`, the chain is that of the snapshot, whose state is put there;
 * a `keys.json` that is in the directory already is used, so that a producer can be moved.
 */
export async function openDataDirectory(
  directory: string,
  options: { readonly production: boolean; readonly snapshot: string | undefined; readonly nowMs: number },
): Promise<ChainFiles> {
  mkdirSync(directory, { recursive: true });
  if (existsSync(join(directory, GENESIS_FILE))) return readChain(directory, options);
  const strangers = readdirSync(directory).filter((name) => !['node.lock', KEYS_FILE].includes(name));
  if (strangers.includes(networkFiles.network)) {
    throw new Error(`${directory} holds a network of several nodes: start it without --single, or give another --data`);
  }
  if (strangers.length > 0) {
    throw new Error(
      `${directory} is not empty (${strangers.slice(0, 3).join(', ')}) but holds no chain: give an empty --data directory`,
    );
  }
  return options.snapshot === undefined
    ? foundDirectory(directory, options.production, options.nowMs)
    : restoreDirectory(directory, options.production, options.snapshot);
}

const GENESIS_FILE = 'genesis.json';
const KEYS_FILE = 'keys.json';

async function readChain(
  directory: string,
  options: { readonly production: boolean; readonly snapshot: string | undefined },
): Promise<ChainFiles> {
  const stored = readJson(join(directory, GENESIS_FILE));
  if (options.snapshot !== undefined) {
    throw new Error(
      `${directory} holds a chain already: --snapshot ${options.snapshot} needs an empty --data directory`,
    );
  }
  if (stored.development === options.production) {
    throw new Error(
      `${directory} holds a ${stored.development ? 'development' : 'production'} network: start it ${stored.development ? 'without' : 'with'} --production, or give another --data`,
    );
  }
  return {
    genesis: genesisSchema.fromJson(stored.genesis),
    keys: await useKeys(directory),
    founded: stored.founded,
    development: stored.development,
  };
}

async function foundDirectory(directory: string, production: boolean, nowMs: number): Promise<ChainFiles> {
  const privateKey = production ? generatePrivateKey('K1', randomBytes(32)) : parsePrivateKey(DEVELOPMENT_PRIVATE_KEY);
  const finalizer = production ? generateBlsPrivateKey(randomBytes(BLS_SEED_BYTES)) : developmentFinalizerKey();
  const genesis: Genesis = {
    initialSlot: msToSlot(nowMs),
    initialKey: publicKeyOf(privateKey),
    config: newChainConfig,
    parameters: { ...defaultSnapParameters, stateCommitment: true },
    producers: [{ name: names.eosio, key: publicKeyOf(privateKey), finalizerKey: blsPublicKeyOf(finalizer) }],
  };
  writeKeys(directory, {
    producers: ['eosio'],
    producerKeys: [production ? formatPrivateKey(privateKey) : DEVELOPMENT_PRIVATE_KEY],
    finalizerKeys: [formatBlsPrivateKey(finalizer)],
    inUse: false,
  });
  writeGenesis(directory, { genesis, development: !production, founded: false });
  return { genesis, keys: await useKeys(directory), founded: false, development: !production };
}

async function restoreDirectory(directory: string, production: boolean, snapshot: string): Promise<ChainFiles> {
  const genesis = await restoreSnapshot(snapshot, join(directory, 'state'));
  if (!production && !equalBytes(genesis.initialKey, publicKeyOf(parsePrivateKey(DEVELOPMENT_PRIVATE_KEY)))) {
    throw new Error(`${snapshot} is of a production network: start it with --production`);
  }
  if (!existsSync(join(directory, KEYS_FILE))) {
    writeKeys(directory, {
      producers: production ? [] : ['eosio'],
      producerKeys: production ? [] : [DEVELOPMENT_PRIVATE_KEY],
      finalizerKeys: production ? [] : [formatBlsPrivateKey(developmentFinalizerKey())],
      // Somebody has made the blocks up to here with them.
      inUse: !production,
    });
  }
  writeGenesis(directory, { genesis, development: !production, founded: true });
  return { genesis, keys: await useKeys(directory), founded: true, development: !production };
}

/** Known to everybody, as the development key is. */
function developmentFinalizerKey(): BlsPrivateKey {
  return generateBlsPrivateKey(sha512(new TextEncoder().encode(DEVELOPMENT_PRIVATE_KEY)).slice(0, BLS_SEED_BYTES));
}

/** Reads the keys, and notes beside them that they are in use from now on. */
async function useKeys(directory: string): Promise<NodeKeys> {
  const stored = readJson(join(directory, KEYS_FILE));
  const keys: NodeKeys = {
    producers: stored.producers,
    producerKeys: stored.producer_keys,
    finalizerKeys: stored.finalizer_keys,
    ...(stored.founding_key === undefined ? {} : { foundingKey: stored.founding_key }),
    inUse: stored.in_use === true,
  };
  if (!keys.inUse) {
    await promiseNothing(join(directory, JOURNAL_FOLDER));
    writeKeys(directory, { ...keys, inUse: true });
  }
  return keys;
}

/**
 * FIN-6: that new keys have promised nothing yet stands in the journal before they count as used. Nodes that are killed before
 * their first vote would have to assume the worst at their next start; a network of such nodes could never agree again.
 */
async function promiseNothing(directory: string): Promise<void> {
  const { journal, content } = await Journal.open(directory);
  if (content.safety === undefined) {
    journal.append({
      kind: 'safety',
      number: freshSafetyRecord.sequence,
      bytes: encodeSafetyRecord(freshSafetyRecord),
    });
  }
  await journal.close();
}

/** Writes `keys.json`, readable by the owner alone. The public keys in it are for people. */
export function writeKeys(directory: string, keys: NodeKeys): void {
  const { producers, producerKeys, finalizerKeys, foundingKey, inUse } = keys;
  writeJson(join(directory, KEYS_FILE), {
    producers,
    public_keys: [
      ...producerKeys.map((key) => formatPublicKey(publicKeyOf(parsePrivateKey(key)))),
      ...finalizerKeys.map((key) => formatBlsPublicKey(blsPublicKeyOf(parseBlsPrivateKey(key)))),
    ],
    producer_keys: producerKeys,
    finalizer_keys: finalizerKeys,
    founding_key: foundingKey,
    in_use: inUse,
  });
}

/** Notes that the first transactions of the chain are made. */
export function markFounded(directory: string, { genesis, development }: ChainFiles): void {
  writeGenesis(directory, { genesis, development, founded: true });
}

/** Writes `genesis.json`: which chain the directory is of. */
export function writeGenesis(directory: string, files: Pick<ChainFiles, 'genesis' | 'development' | 'founded'>): void {
  const { genesis, development, founded } = files;
  writeJson(join(directory, GENESIS_FILE), { development, founded, genesis: genesisSchema.toJson(genesis) });
}

// biome-ignore lint/suspicious/noExplicitAny: our own files; what is not as written fails where it is used
function readJson(path: string): any {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
}

/** Readable by the owner alone. */
function writeJson(path: string, value: unknown): void {
  writeFileAtomicSync(path, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
}
