/**
 * A peer that only listens: joins the network over the real protocol with an observer's certificate, and records every
 * header and every vote that any node sends to it.
 */
import {
  blockId,
  blockNumOf,
  decode,
  finalityExtension,
  finalityExtensionSchema,
  formatName,
  headerExtension,
  type PeerMessage,
  quorumCertificateSchema,
  type SignedBlock,
  signedBlockSchema,
  type Vote,
  voteSchema,
} from '@snapscale/protocol';
import type { Identity } from '../../../apps/node/src/p2p/identity.js';
import { PeerNetwork } from '../../../apps/node/src/p2p/network.js';
import { hex } from './http.js';

/** What is known of a block from its header. Ids are hex. */
export type SeenBlock = {
  readonly id: string;
  readonly num: number;
  readonly slot: number;
  readonly producer: string;
  readonly previous: string;
  /** Highest slot of a certificate in the header; -1 if there is none. */
  readonly certifiedSlot: number;
};

/** A vote as it was seen first. */
export type SeenVote = { readonly phase: 0 | 1; readonly slot: number; readonly block: string; readonly vote: Vote };

/** Where a witness listens and whom it calls. */
export type WitnessOptions = {
  readonly identity: Identity;
  readonly chainId: Uint8Array;
  readonly port: number;
  /** Ports of the nodes' peer links. */
  readonly peers: readonly number[];
};

const AGENT = 'drill witness';

export class Witness {
  readonly blocks = new Map<string, SeenBlock>();
  /** Of each finalizer, by its key in hex. */
  readonly votes = new Map<string, SeenVote[]>();
  /** Times at which blocks came here first, milliseconds since 1970. */
  readonly arrivals = new Map<string, number>();
  /** Commit certificates: block id to slot. */
  readonly committed = new Map<string, number>();
  readonly #network: PeerNetwork;
  readonly #seen = new Set<string>();
  #connections = 0;

  private constructor({ identity, chainId, peers }: WitnessOptions) {
    const nowhere = { num: 0, id: new Uint8Array(32), slot: 0 };
    this.#network = new PeerNetwork({
      identity,
      chainId,
      peers: peers.map((port) => ({ address: `127.0.0.1:${port}`, node: undefined, configured: true })),
      nowMs: Date.now,
      random: Math.random,
      hello: () => ({
        versionMin: 1,
        versionMax: 1,
        agent: AGENT,
        listens: undefined,
        status: { head: nowhere, final: nowhere, earliestBlockNum: 0 },
      }),
      refusal: () => undefined,
      connected: ({ node }) => {
        this.#connections++;
        this.#network.send(node, { kind: 'wantTransactions', wantTransactions: false });
      },
      disconnected: () => {},
      received: (_, message) => this.#receive(message),
      event: () => {},
    });
  }

  static async start(options: WitnessOptions): Promise<Witness> {
    const witness = new Witness(options);
    await witness.#network.listen(options.port, '127.0.0.1');
    return witness;
  }

  /** Nodes that it is connected with. */
  get peers(): number {
    return this.#network.peers.length;
  }

  get connections(): number {
    return this.#connections;
  }

  get voteCount(): number {
    let count = 0;
    for (const votes of this.votes.values()) count += votes.length;
    return count;
  }

  close(): Promise<void> {
    return this.#network.close();
  }

  /** Takes a header from elsewhere too, such as a block log. */
  addBlock({ header }: Pick<SignedBlock, 'header'>): SeenBlock {
    const id = blockId(header);
    const key = hex(id);
    const known = this.blocks.get(key);
    if (known !== undefined) return known;
    const finality = headerExtension(header, finalityExtension, finalityExtensionSchema);
    const block = {
      id: key,
      num: blockNumOf(id),
      slot: header.slot,
      producer: formatName(header.producer),
      previous: hex(header.previous),
      certifiedSlot: Math.max(finality?.justify?.slot ?? -1, finality?.finalized?.slot ?? -1),
    };
    this.blocks.set(key, block);
    return block;
  }

  #receive(message: PeerMessage): void {
    switch (message.kind) {
      case 'block':
        this.#block(decode(signedBlockSchema, message.block));
        break;
      case 'compactBlock':
        this.#block(decode(signedBlockSchema, message.compactBlock.block));
        break;
      case 'vote':
        this.#vote(decode(voteSchema, message.vote));
        break;
      case 'certificate': {
        const { phase, slot, blockId: id } = decode(quorumCertificateSchema, message.certificate);
        if (phase === 1) this.committed.set(hex(id), slot);
        break;
      }
      default:
        break;
    }
  }

  #block(block: SignedBlock): void {
    const { id } = this.addBlock(block);
    if (!this.arrivals.has(id)) this.arrivals.set(id, Date.now());
  }

  #vote(vote: Vote): void {
    const { phase, slot, blockId: id, finalizerKey } = vote;
    const key = hex(finalizerKey);
    const seen = `${phase}${hex(id)}${key}`;
    if (this.#seen.has(seen)) return;
    this.#seen.add(seen);
    const list = this.votes.get(key) ?? [];
    this.votes.set(key, list);
    list.push({ phase, slot, block: hex(id), vote });
  }
}
