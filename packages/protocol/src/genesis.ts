/** What a chain starts from; its hash is the chain id. */
import { sha256 } from '@snapscale/crypto';
import { parseSymbol } from './asset.js';
import { array, struct } from './codec/composites.js';
import { publicKeySchema } from './codec/keys.js';
import { bool, u16, u32, u64 } from './codec/scalars.js';
import { encode, type TypeOf } from './codec/schema.js';
import { votingProducerSchema } from './consensus/finality-extension.js';
import { limits } from './limits.js';
import { name } from './name.js';
import { slotSchema } from './time.js';

const chainConfigV0Fields = {
  maxBlockNetUsage: u64,
  targetBlockNetUsagePct: u32,
  maxTransactionNetUsage: u32,
  basePerTransactionNetUsage: u32,
  netUsageLeeway: u32,
  contextFreeDiscountNetUsageNum: u32,
  contextFreeDiscountNetUsageDen: u32,
  maxBlockCpuUsage: u32,
  targetBlockCpuUsagePct: u32,
  maxTransactionCpuUsage: u32,
  minTransactionCpuUsage: u32,
  maxTransactionLifetime: u32,
  deferredTrxExpirationWindow: u32,
  maxTransactionDelay: u32,
  maxInlineActionSize: u32,
  maxInlineActionDepth: u16,
  maxAuthorityDepth: u16,
};

const chainConfigFields = { ...chainConfigV0Fields, maxActionReturnValueSize: u32 };

/** Wire type of the 17 parameters that `set_blockchain_parameters_packed` and a genesis hold. */
export const chainConfigV0Schema = struct('chain_config_v0', chainConfigV0Fields);

/** Wire type of all parameters, in the order of their ids 0…17. */
export const chainConfigSchema = struct('chain_config', chainConfigFields);

/** Limits that a chain can change by vote. NET in bytes, CPU in microseconds, percentages in hundredths, times in seconds. */
export type ChainConfig = TypeOf<typeof chainConfigSchema>;

/** The parameters by id, for `get_parameters_packed` and `set_parameters_packed`: position = id. */
export const chainConfigParameters: readonly (keyof ChainConfig)[] = Object.keys(
  chainConfigFields,
) as (keyof ChainConfig)[];

/** The values of a new chain. */
export const defaultChainConfig: ChainConfig = {
  maxBlockNetUsage: 1_048_576n,
  targetBlockNetUsagePct: 1000,
  maxTransactionNetUsage: 524_288,
  basePerTransactionNetUsage: 12,
  netUsageLeeway: 500,
  contextFreeDiscountNetUsageNum: 20,
  contextFreeDiscountNetUsageDen: 100,
  maxBlockCpuUsage: 200_000,
  targetBlockCpuUsagePct: 1000,
  maxTransactionCpuUsage: 150_000,
  minTransactionCpuUsage: 100,
  maxTransactionLifetime: 3600,
  deferredTrxExpirationWindow: 600,
  maxTransactionDelay: 3_888_000,
  maxInlineActionSize: 524_288,
  maxInlineActionDepth: 4,
  maxAuthorityDepth: 6,
  maxActionReturnValueSize: 256,
};

/** Wire type of the ledger's own parameters. */
export const snapParametersSchema = struct('snap_parameters', {
  cpuPrice: u64,
  netPrice: u64,
  ramPrice: u64,
  producerShare: u16,
  edgeShare: u16,
  fundShare: u16,
  stateCommitment: bool,
  gasPerMicrosecond: u32,
});

/**
 * Parameters that EOSIO does not have. Prices are in the system token's smallest unit: per millisecond of CPU, per kilobyte
 * of NET, per kilobyte of RAM. Shares of a fee are in basis points and sum up to 10,000. `stateCommitment`: headers carry a
 * state root. `gasPerMicrosecond` converts gas into the CPU time of receipts.
 */
export type SnapParameters = TypeOf<typeof snapParametersSchema>;

/** A chain without fees, whose fees, once priced, go 10 % to producers and 90 % to edge nodes. */
export const defaultSnapParameters: SnapParameters = {
  cpuPrice: 0n,
  netPrice: 0n,
  ramPrice: 0n,
  producerShare: 1000,
  edgeShare: 9000,
  fundShare: 0,
  stateCommitment: false,
  gasPerMicrosecond: 1000,
};

/** Wire type of a genesis. */
export const genesisSchema = struct(
  'genesis',
  {
    initialSlot: slotSchema,
    initialKey: publicKeySchema,
    config: chainConfigSchema,
    parameters: snapParametersSchema,
    producers: array(votingProducerSchema, limits.producersMax),
  },
  { initialSlot: 'initial_timestamp', config: 'initial_configuration', producers: 'initial_producers' },
);

/**
 * What a chain starts from: the slot of block 1, the key of `eosio`, its parameters, and the first schedule. Without
 * producers, `eosio` signs blocks with the initial key, and nobody votes: enough to execute blocks, not for a network.
 */
export type Genesis = TypeOf<typeof genesisSchema>;

/** Chain id: SHA-256 of the encoded genesis. */
export function chainIdOf(genesis: Genesis): Uint8Array {
  return sha256(encode(genesisSchema, genesis));
}

/** The token in which fees, deposits and stakes are counted. */
export const systemToken = { contract: name('eosio.token'), symbol: parseSymbol('4,XST') } as const;
