/** Transactions of accounts and producers in drills: sent like those of anybody, over HTTP, until they are final. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type BlsPrivateKey,
  blsProofOfPossession,
  blsPublicKeyOf,
  formatBlsPrivateKey,
  formatBlsPublicKey,
  formatBlsSignature,
  formatPrivateKey,
  formatPublicKey,
  formatSignature,
  generateBlsPrivateKey,
  generatePrivateKey,
  type PrivateKey,
  parseBlsPrivateKey,
  parsePrivateKey,
  publicKeyOf,
} from '@snapscale/crypto';
import {
  type Action,
  actionType,
  type CompiledAbi,
  compileAbi,
  decode,
  encodeType,
  type Json,
  name,
  names,
  packedTransactionSchema,
  parseAbi,
} from '@snapscale/protocol';
import { writeKeys } from '../../../apps/node/src/data-directory.js';
import { chainReference, developmentKey, signActions } from '../../bench/load/workload.js';
import type { DrillNetwork } from './drill-network.js';
import { ask, hex, within } from './http.js';

/** The secrets of a producer. */
export type ProducerKeys = { readonly blockKey: PrivateKey; readonly finalizerKey: BlsPrivateKey };

/** A row of the table of producers, as far as drills look at it. */
export type ProducerRow = {
  readonly owner: string;
  readonly is_active: number;
  readonly status: number;
  readonly missed_slots: number;
  readonly last_block_slot: number;
};

/** Status of a row, by what it is for. */
export const producerStatus = { active: 0, inactive: 2, jailed: 3 } as const;

const FINAL_MS_MAX = 60_000;
const TRIES = 12;
const BLS_SEED_BYTES = 48;

const abiOf = (file: string): CompiledAbi =>
  compileAbi(
    parseAbi(
      JSON.parse(
        readFileSync(fileURLToPath(new URL(`../../../contracts/system/artifacts/${file}`, import.meta.url)), 'utf8'),
      ),
    ),
  );
const systemAbi = abiOf('eosio.abi');
const tokenAbi = abiOf('eosio.token.abi');

/** An action of the system contract, or of the token. */
export function systemAction(actor: string, action: string, data: Json, account = 'eosio'): Action {
  const abi = account === 'eosio' ? systemAbi : tokenAbi;
  return {
    account: name(account),
    name: name(action),
    authorization: [{ actor: name(actor), permission: names.active }],
    data: encodeType(abi, actionType(abi, name(action))!, data),
  };
}

export class SystemActions {
  readonly #network: DrillNetwork;

  constructor(network: DrillNetwork) {
    this.#network = network;
  }

  /**
   * Sends the actions in one transaction and waits until it is final; tries again when it fails or is lost, as what was sent
   * before may not be executed where it arrives. @throws Error
   */
  async send(key: PrivateKey, ...actions: readonly Action[]): Promise<void> {
    let reason = 'no node answers';
    for (let tries = 0; tries < TRIES; tries++) {
      const node = this.#network.running[tries % Math.max(1, this.#network.running.length)];
      if (node === undefined) throw new Error('no node runs');
      const outcome = await this.#try(this.#network.url(node), key, actions);
      if (outcome === undefined) return;
      reason = outcome;
      await within(1000, () => false);
    }
    const what = actions.map(({ name: action }) => action).join(', ');
    throw new Error(`a transaction (${what}) has not become final after ${TRIES} tries: ${reason}`);
  }

  /** As `eosio`, `alice` or another account of the development key. */
  act(actor: string, action: string, data: Json, account = 'eosio'): Promise<void> {
    return this.send(developmentKey, systemAction(actor, action, data, account));
  }

  /** Begins elections: parameters, stake of alice, who votes for these. */
  async elect(producers: readonly string[], parameters: Readonly<Record<string, Json>>): Promise<void> {
    const [current] = await this.rows<Record<string, Json>>('dpos');
    await this.act('eosio', 'setdpos', { parameters: { ...current, activation_stake: '1.0000 XST', ...parameters } });
    await this.act('alice', 'delegatebw', {
      from: 'alice',
      receiver: 'alice',
      stake_net_quantity: '1000.0000 XST',
      stake_cpu_quantity: '1000.0000 XST',
      transfer: false,
    });
    await this.vote(producers);
  }

  vote(producers: readonly string[]): Promise<void> {
    const sorted = [...producers].sort((a, b) => (name(a) < name(b) ? -1 : 1));
    return this.act('alice', 'voteproducer', { voter: 'alice', proxy: '', producers: sorted });
  }

  register(producer: string, { blockKey }: ProducerKeys): Promise<void> {
    const data = { producer, producer_key: formatPublicKey(publicKeyOf(blockKey)), url: '', location: 0 };
    return this.send(blockKey, systemAction(producer, 'regproducer', data));
  }

  /** Makes a producer with an account, an entry and a finalizer key, and a node for it that does not run yet. */
  async enlist(producer: string): Promise<ProducerKeys> {
    const keys = {
      blockKey: generatePrivateKey('K1', randomBytes(32)),
      finalizerKey: generateBlsPrivateKey(randomBytes(BLS_SEED_BYTES)),
    };
    const authority: Json = {
      threshold: 1,
      keys: [{ key: formatPublicKey(publicKeyOf(keys.blockKey)), weight: 1 }],
      accounts: [],
      waits: [],
    };
    await this.act('eosio', 'newaccount', { creator: 'eosio', name: producer, owner: authority, active: authority });
    await this.register(producer, keys);
    const proof = {
      finalizer_name: producer,
      finalizer_key: formatBlsPublicKey(blsPublicKeyOf(keys.finalizerKey)),
      proof_of_possession: formatBlsSignature(blsProofOfPossession(keys.finalizerKey)),
    };
    await this.send(keys.blockKey, systemAction(producer, 'regfinkey', proof));
    await this.#network.join(producer, (directory) =>
      writeKeys(directory, {
        producers: [producer],
        producerKeys: [formatPrivateKey(keys.blockKey)],
        finalizerKeys: [formatBlsPrivateKey(keys.finalizerKey)],
        inUse: false,
      }),
    );
    return keys;
  }

  /** Rows of a table of the system contract, as some node has them now. */
  async rows<T>(table: string): Promise<readonly T[]> {
    for (const node of this.#network.running) {
      const body = { code: 'eosio', scope: 'eosio', table, json: true, limit: 200 };
      const answer = await ask<{ rows: readonly T[] }>(this.#network.url(node), '/v1/chain/get_table_rows', body);
      if (answer !== undefined) return answer.rows;
    }
    return [];
  }

  async producer(producer: string): Promise<ProducerRow | undefined> {
    return (await this.rows<ProducerRow>('producers')).find(({ owner }) => owner === producer);
  }

  /** Names in the schedule in force, in their order. */
  async schedule(): Promise<readonly string[]> {
    for (const node of this.#network.running) {
      const answer = await ask<{ active: { producers: readonly { producer_name: string }[] } }>(
        this.#network.url(node),
        '/v1/chain/get_producer_schedule',
      );
      if (answer !== undefined) return answer.active.producers.map((producer) => producer.producer_name);
    }
    return [];
  }

  /** Undefined: it is final. */
  async #try(url: string, key: PrivateKey, actions: readonly Action[]): Promise<string | undefined> {
    try {
      const { id, packed } = signActions({ ...(await chainReference(url)), expirationSec: soon() }, key, actions);
      const { signatures, packedTransaction } = decode(packedTransactionSchema, packed);
      const body = {
        signatures: signatures.map(formatSignature),
        compression: 'none',
        packed_context_free_data: '',
        packed_trx: hex(packedTransaction),
      };
      const response = await fetch(`${url}/v1/chain/send_transaction`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) return (await response.text()).slice(0, 600);
      const isFinal = await within(FINAL_MS_MAX, async () => {
        const status = await ask<{ state: string }>(url, '/v1/chain/get_transaction_status', { id: hex(id) });
        return status?.state === 'IRREVERSIBLE';
      });
      return isFinal ? undefined : `it was executed, and is not final after ${FINAL_MS_MAX} ms`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** Short enough for a second try to be the only one. */
function soon(): number {
  return Math.floor(Date.now() / 1000) + FINAL_MS_MAX / 1000;
}

/** The secrets in a node's `keys.json`. */
export function readProducerKeys(dataDir: string): ProducerKeys {
  const stored = JSON.parse(readFileSync(`${dataDir}/keys.json`, 'utf8')) as {
    producer_keys: readonly [string];
    finalizer_keys: readonly [string];
  };
  return {
    blockKey: parsePrivateKey(stored.producer_keys[0]),
    finalizerKey: parseBlsPrivateKey(stored.finalizer_keys[0]),
  };
}
