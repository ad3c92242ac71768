/** The node's data directory: which chain it holds and the keys that sign its blocks. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPrivateKey, formatPublicKey, generatePrivateKey, parsePrivateKey, publicKeyOf } from '@snapscale/crypto';
import { defaultChainConfig, defaultSnapParameters, type Genesis, genesisSchema, msToSlot } from '@snapscale/protocol';
import { writeFileAtomicSync } from './store/atomic-write.js';

/** The published EOSIO development key: known to everybody, so that any tool can be pointed at a development network. */
export const DEVELOPMENT_PRIVATE_KEY = '5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3';

/** What the directory says. */
export type ChainFiles = {
  readonly genesis: Genesis;
  /** Private keys of producers, as text. */
  readonly producerKeys: readonly string[];
  /** True when the directory was empty: the chain begins now. */
  readonly isNew: boolean;
  readonly development: boolean;
};

/** Bounds of a new chain, wider than Antelope's since CPU is metered and signatures are checked on other cores. */
const newChainConfig = { ...defaultChainConfig, maxBlockCpuUsage: 400_000, minTransactionCpuUsage: 10 };

/**
 * Reads the directory, or founds a new chain in it. Founding a production network makes a fresh key and writes it to
 * `keys.json`, readable by the owner alone.
 */
export function openDataDirectory(directory: string, production: boolean, nowMs: number): ChainFiles {
  mkdirSync(directory, { recursive: true });
  const genesisFile = join(directory, 'genesis.json');
  const keysFile = join(directory, 'keys.json');
  if (existsSync(genesisFile)) {
    const stored = JSON.parse(readFileSync(genesisFile, 'utf8'));
    if (stored.development === production) {
      throw new Error(
        `${directory} holds a ${stored.development ? 'development' : 'production'} network: start it ${stored.development ? 'without' : 'with'} --production, or give another --data`,
      );
    }
    const { producer_keys: producerKeys } = JSON.parse(readFileSync(keysFile, 'utf8'));
    return {
      genesis: genesisSchema.fromJson(stored.genesis),
      producerKeys,
      isNew: false,
      development: stored.development,
    };
  }
  const strangers = readdirSync(directory).filter((name) => name !== 'node.lock');
  if (strangers.length > 0) {
    throw new Error(
      `${directory} is not empty (${strangers.slice(0, 3).join(', ')}) but holds no chain: give an empty --data directory`,
    );
  }
  const privateKey = production ? generatePrivateKey('K1', randomBytes(32)) : parsePrivateKey(DEVELOPMENT_PRIVATE_KEY);
  const genesis: Genesis = {
    initialSlot: msToSlot(nowMs),
    initialKey: publicKeyOf(privateKey),
    config: newChainConfig,
    parameters: { ...defaultSnapParameters, stateCommitment: true },
  };
  const producerKeys = [production ? formatPrivateKey(privateKey) : DEVELOPMENT_PRIVATE_KEY];
  writeJson(keysFile, { public_key: formatPublicKey(genesis.initialKey), producer_keys: producerKeys });
  writeJson(genesisFile, { development: !production, genesis: genesisSchema.toJson(genesis) });
  return { genesis, producerKeys, isNew: true, development: !production };
}

/** Readable by the owner alone. */
function writeJson(path: string, value: unknown): void {
  writeFileAtomicSync(path, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
}
