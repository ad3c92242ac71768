/** A chain of four producers that changes its schedule twice, made by whole simulated replicas, and a server for it. */
import { readFileSync } from 'node:fs';
import type { ConsensusRoot } from '@snapscale/consensus';
import type { LightTrust } from '@snapscale/consensus/light-client';
import { fakeVerify } from '@snapscale/consensus/testing';
import { type BlsPublicKey, type BlsSignature, equalBytes, parsePrivateKey, publicKeyOf } from '@snapscale/crypto';
import { encodeStateProof, globalKeys, rowKey, tableId } from '@snapscale/execution';
import {
  blockNumOf,
  chainIdOf,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  type Genesis,
  genesisSchema,
  name,
  stateRootOf,
  type TransactionTrace,
} from '@snapscale/protocol';
import { SimulatedGenesis, World } from '@snapscale/simulator';
import type {
  ChainEvent,
  ProvenEntry,
  StoredBlock,
  StoredBlockSummary,
  TransactionLocation,
} from '../../apps/node/src/http/backend.js';
import { developmentKey, MemoryChain } from '../../apps/node/src/http/testing/memory-chain.js';
import { LightChain } from '../../apps/node/src/light/light-chain.js';
import { biosWasm } from '../testing/bios-contract.js';

const artifacts = new URL('../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};

export const members = ['prod.a', 'prod.b', 'prod.c', 'prod.d'];

/** A final block with what was executed in it. */
export type MadeBlock = StoredBlock & { readonly traces: readonly TransactionTrace[] };

/** Signatures of simulations instead of BLS. */
export const fakeAggregate = (keys: readonly BlsPublicKey[], digest: Uint8Array, signature: BlsSignature): boolean =>
  fakeVerify(digest, keys, [signature]) !== undefined;

export type SimulatedChain = {
  /** A genesis with the first schedule of the chain, whose hash is the id of the chain. */
  readonly genesis: Genesis;
  readonly chainId: Uint8Array;
  readonly trust: LightTrust;
  readonly keys: SimulatedGenesis;
  /** Final blocks from number 2 on; the first is the genesis block. */
  readonly blocks: readonly (MadeBlock | undefined)[];
  readonly transfers: readonly Uint8Array[];
  /** Proofs against a block that is final. */
  readonly entries: ReadonlyMap<string, ProvenEntry>;
  /** The state at a block that is final, and what consensus goes on from there. */
  readonly state: ReadonlyMap<string, Uint8Array>;
  readonly root: ConsensusRoot;
  readonly final: number;
};

/** Symbol code of the token, as the primary key of its rows. */
export const XST = 5526360n;

/** The row with the balance of an account. */
export const balanceKey = (account: string): string =>
  rowKey(tableId(name('eosio.token'), name(account), name('accounts')), XST);

let made: SimulatedChain | undefined;

/** The chain, made once for all tests that look at it. With proofs of what bob has, and that nobody has nothing. */
export function simulatedChain(): SimulatedChain {
  made ??= makeSimulatedChain([balanceKey('bob'), balanceKey('nobody')]);
  return made;
}

function makeSimulatedChain(keys: readonly string[]): SimulatedChain {
  const simulated = new SimulatedGenesis({ token, system: biosWasm }, members, ['prod.e', 'prod.f']);
  const genesis: Genesis = {
    initialSlot: simulated.root.header.slot,
    initialKey: publicKeyOf(parsePrivateKey(developmentKey)),
    producers: simulated.root.facts.schedule.producers,
    config: defaultChainConfig,
    parameters: { ...defaultSnapParameters, stateCommitment: true },
  };
  const chainId = chainIdOf(genesis);
  const blocks: (MadeBlock | undefined)[] = [];
  const world = new World({
    genesis: simulated,
    seed: 7,
    accounts: [...members, 'prod.e', 'prod.f'],
    replica: { chainId },
    onEffect: (node, effect) => {
      if (node.peer !== 1 || effect.kind !== 'commit') return;
      for (const { num, id, block, traces } of effect.blocks) blocks[num] = { id, block, traces };
    },
  });
  world.start();
  const node = world.nodes[0]!;
  const transfers: Uint8Array[] = [];
  const run = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      transfers.push(world.transfer(node).id);
      world.run(1000);
    }
  };
  run(3);
  for (const chosen of [
    ['prod.b', 'prod.c', 'prod.d', 'prod.e'],
    ['prod.c', 'prod.d', 'prod.e', 'prod.f'],
  ]) {
    world.submit(node, simulated.proposal(chosen, node.nowMs));
    run(35);
  }
  const entries = proveAll(node.replica!, blocks, keys);
  const state = new Map(node.disk.state.entries());
  const { root } = node.disk;
  // Genesis and state are made apart from each other here; what a chain starts from is not under its state root.
  state.set(globalKeys.genesis, encode(genesisSchema, genesis));
  run(5);
  if (world.checkers.fault !== undefined) throw new Error(world.checkers.fault);
  const final = blocks.length - 1;
  return {
    genesis,
    chainId,
    trust: { schedule: simulated.root.facts.schedule, previous: undefined },
    keys: simulated,
    blocks,
    transfers,
    entries,
    state,
    root,
    final,
  };
}

/** Proofs against the head; their roots are read when the block is final. */
function proveAll(
  replica: NonNullable<World['nodes'][0]['replica']>,
  blocks: readonly (MadeBlock | undefined)[],
  keys: readonly string[],
): Map<string, ProvenEntry> {
  const { id, num, slot } = replica.head;
  return new Map(
    keys.map((key) => {
      const { value, proof } = replica.prove(key)!;
      const entry = { num, id, slot, value, proof: encodeStateProof(proof) };
      return [
        key,
        {
          ...entry,
          get root() {
            return stateRootOf(blocks[num]!.block.header)!;
          },
        },
      ];
    }),
  );
}

/** Serves a simulated chain. `earliest` and `shown` make a node that keeps little, and one that is behind. */
export class SimulatedBackend extends MemoryChain {
  readonly chain: SimulatedChain;
  earliest = 2;
  shown: number;
  override readonly light: LightChain;
  readonly #subscribers = new Set<(event: ChainEvent) => void>();

  constructor(chain: SimulatedChain) {
    super();
    this.chain = chain;
    this.shown = chain.final;
    this.light = new LightChain({
      finalNum: () => this.shown,
      earliestNum: () => this.earliest,
      header: (num) => (num === 1 ? chain.keys.root.header : this.blockByNum(num)?.block.header),
      id: (num) => (num === 1 ? chain.keys.root.facts.id : this.blockByNum(num)?.id),
    });
  }

  override chainInfo() {
    const pointOf = (num: number) => {
      const { id, block } = this.chain.blocks[num]!;
      return { num, id, slot: block.header.slot, producer: block.header.producer };
    };
    const point = pointOf(this.shown);
    const { chainId, genesis } = this.chain;
    return { chainId, genesis, head: point, final: point, earliestBlockNum: this.earliest, edgeAccount: 0n as never };
  }

  override blockByNum(num: number): StoredBlock | undefined {
    return num < this.earliest || num > this.shown ? undefined : this.chain.blocks[num];
  }

  override blockById(id: Uint8Array): StoredBlock | undefined {
    const found = this.blockByNum(blockNumOf(id));
    return found !== undefined && equalBytes(found.id, id) ? found : undefined;
  }

  override blockSummary(num: number): StoredBlockSummary | undefined {
    const stored = this.blockByNum(num);
    if (stored === undefined) return undefined;
    return { id: stored.id, header: stored.block.header, transactionCount: stored.block.transactions.length };
  }

  override tracesOfBlock(num: number): readonly TransactionTrace[] | undefined {
    return this.chain.blocks[num]?.traces;
  }

  override findTransaction(prefix: Uint8Array): TransactionLocation | undefined {
    for (const [blockNum, made] of this.chain.blocks.entries()) {
      const index = made?.traces.findIndex(({ id }) => equalBytes(id.subarray(0, prefix.length), prefix)) ?? -1;
      // `onblock` has the first trace.
      if (made !== undefined && index > 0) return { id: made.traces[index]!.id, blockNum, position: index - 1 };
    }
    return undefined;
  }

  override async stateProof(key?: string): Promise<ProvenEntry | undefined> {
    return this.chain.entries.get(key ?? '');
  }

  override subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  }

  /** Tells waiting requests that more is final. */
  show(num: number): void {
    this.shown = num;
    const { id } = this.chain.blocks[num]!;
    for (const listener of [...this.#subscribers]) listener({ kind: 'final', num, id });
  }
}
