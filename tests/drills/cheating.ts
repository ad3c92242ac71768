/**
 * Producers that cheat over the real protocol: one that makes two blocks for a slot, one that votes twice, and one whose
 * directory was copied and started a second time. The others must find the first two out, report them by themselves and go
 * on without them; the third must fall silent before it can do harm.
 */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { blsPublicKeyOf, blsSign, merkleRoot, sign } from '@snapscale/crypto';
import {
  blockDigest,
  blockId,
  decode,
  encode,
  formatName,
  type PeerMessage,
  type SignedBlock,
  signedBlockSchema,
  voteDigest,
  voteSchema,
} from '@snapscale/protocol';
import { Accomplice } from './support/accomplice.js';
import { Drill, type DrillOptions } from './support/drill.js';
import { ask, infoOf, pause, within } from './support/http.js';
import { producerStatus, readProducerKeys, SystemActions } from './support/system-actions.js';

const PATIENCE_MS = 120_000;
const TWIN_MS = 20_000;
const SLOT_MS = 500;
const TWIN = 'twin';

type EvidenceRow = {
  readonly producer: string;
  readonly kind: number;
  readonly slot: number;
  readonly reporter: string;
};

export async function cheatsDrill(options: DrillOptions): Promise<readonly string[]> {
  const drill = await Drill.begin(options);
  const cheats = new CheatsDrill(drill);
  try {
    await cheats.run();
  } catch (error) {
    drill.findings.push(error instanceof Error ? error.message : String(error));
  }
  // The twin's directory belongs to nobody.
  await drill.end({ cheats: cheats.caught, except: [TWIN] });
  return drill.findings;
}

class CheatsDrill {
  readonly #drill: Drill;
  readonly #system: SystemActions;
  readonly caught: string[] = [];

  constructor(drill: Drill) {
    this.#drill = drill;
    this.#system = new SystemActions(drill.network);
  }

  async run(): Promise<void> {
    const { network } = this.#drill;
    const [, first, second, third] = network.names;
    this.#drill.load();
    await this.#system.elect(network.names, { inactive_after_sec: 3600 });
    await this.#secondNode(third!);
    await this.#cheat(first!, 1, (message, say) => this.#doubleBlock(first!, message, say));
    await this.#awaitSchedule();
    await this.#cheat(second!, 2, (message, say) => this.#doubleVote(second!, message, say));
    await this.#awaitSchedule();
    await this.#drill.expectProgress('after the cheats were caught');
    this.#drill.check('after the cheats were caught');
  }

  /** Lets an accomplice with the producer's keys speak until the producer is jailed. */
  async #cheat(
    producer: string,
    kind: number,
    received: (message: PeerMessage, say: (answer: PeerMessage) => void) => void,
  ): Promise<void> {
    const { network, print } = this.#drill;
    this.caught.push(producer);
    const accomplice = await Accomplice.start({
      identity: await network.identity(`${producer}1`, ['observer']),
      chainId: network.chainId,
      peers: network.running.map((name) => network.node(name).peerPort),
      received,
    });
    const began = performance.now();
    try {
      const jailed = await within(
        PATIENCE_MS,
        async () => (await this.#system.producer(producer))?.status === producerStatus.jailed,
      );
      if (jailed === undefined) {
        throw new Error(
          `${producer} cheats, and was not jailed within ${PATIENCE_MS} ms: ${JSON.stringify(await this.#system.producer(producer))}`,
        );
      }
    } finally {
      await accomplice.close();
    }
    const evidence = (await this.#system.rows<EvidenceRow>('evidence')).filter(
      (row) => row.producer === producer && row.kind === kind,
    );
    const what = kind === 1 ? 'made two blocks for a slot' : 'voted twice in a slot';
    print(
      `  ${producer} ${what}: jailed ${((performance.now() - began) / 1000).toFixed(1)} s after the accomplice began, reported by ${evidence.map(({ reporter }) => reporter).join(', ')}`,
    );
    if (evidence.length === 0)
      this.#drill.findings.push(`${producer} is jailed, but there is no evidence of kind ${kind} on the chain`);
    await this.#expectShown(producer);
  }

  /** Anybody can see it, and the node of the cheat says that it has fallen silent. */
  async #expectShown(producer: string): Promise<void> {
    const { network, findings, print } = this.#drill;
    const [node] = network.running;
    const body = { json: true, limit: 100 };
    const answer = await ask<{ rows: readonly { owner: string; status: number; is_active: number }[] }>(
      network.url(node!),
      '/v1/chain/get_producers',
      body,
    );
    const row = answer?.rows.find(({ owner }) => owner === producer);
    if (row?.status !== producerStatus.jailed || row.is_active !== 0) {
      findings.push(`get_producers does not show that ${producer} is jailed: ${JSON.stringify(row)}`);
    }
    const said = await within(PATIENCE_MS, () =>
      lineOf(this.#logOf(producer), /own-key-elsewhere|made elsewhere|was given elsewhere|elsewhere/),
    );
    if (said === undefined)
      findings.push(`the node of ${producer} did not fall silent, although its key was used elsewhere`);
    else print(`    its own node: ${said.slice(0, 240)}`);
  }

  /** A second header for the slot of each block of the producer. */
  #doubleBlock(producer: string, message: PeerMessage, say: (answer: PeerMessage) => void): void {
    const block = blockIn(message);
    if (block === undefined || formatName(block.header.producer) !== producer) return;
    const header = { ...block.header, transactionMroot: merkleRoot([]), actionMroot: new Uint8Array(32).fill(7) };
    const { blockKey } = readProducerKeys(this.#drill.network.dataDir(producer));
    const producerSignature = sign(blockKey, blockDigest(header));
    say({ kind: 'block', block: encode(signedBlockSchema, { ...block, header, producerSignature, transactions: [] }) });
  }

  /** A vote for a block that does not exist, in the slot of each block that does. */
  #doubleVote(producer: string, message: PeerMessage, say: (answer: PeerMessage) => void): void {
    const block = blockIn(message);
    if (block === undefined) return;
    const { network } = this.#drill;
    const { finalizerKey } = readProducerKeys(network.dataDir(producer));
    const other = blockId(block.header);
    other[31]! ^= 1;
    const subject = { phase: 0 as const, slot: block.header.slot, blockId: other };
    const signature = blsSign(finalizerKey, voteDigest(network.chainId, subject));
    say({
      kind: 'vote',
      vote: encode(voteSchema, { ...subject, finalizerKey: blsPublicKeyOf(finalizerKey), signature }),
    });
  }

  /** An operator's mistake: the directory of a producer is copied, and started while the first one runs. */
  async #secondNode(producer: string): Promise<void> {
    const { network, findings, print, witness } = this.#drill;
    await network.stop(producer);
    await network.join(TWIN, (directory) => {
      rmSync(directory, { recursive: true });
      cpSync(network.dataDir(producer), directory, { recursive: true });
    });
    await network.start(producer);
    await this.#drill.expectProgress(`after a copy of ${producer} was made`);
    await network.start(TWIN);
    const said = await within(PATIENCE_MS, () => lineOf(this.#logOf(TWIN), /elsewhere/));
    if (said === undefined)
      findings.push(`the copy of ${producer} runs beside it and has not fallen silent within ${PATIENCE_MS} ms`);
    else print(`  the copy of ${producer}: ${said.slice(0, 240)}`);
    await pause(TWIN_MS);
    if (lineOf(this.#logOf(producer), /elsewhere/) !== undefined)
      print(`  (${producer} itself has fallen silent too, and needs its operator)`);
    const { length } = [...witness.blocks.values()].filter((block) => block.producer === producer);
    print(`  ${producer} has made ${length} blocks; the copy ends now`);
    await network.stop(TWIN);
    // A node that has fallen silent is started again by its operator.
    await network.stop(producer);
    await network.start(producer);
  }

  /** Whoever is jailed leaves the schedule. */
  async #awaitSchedule(): Promise<void> {
    const expected = this.#drill.network.names
      .filter((name) => name !== TWIN && !this.caught.includes(name))
      .sort()
      .join(' ');
    const there = await within(
      2 * PATIENCE_MS,
      async () => [...(await this.#system.schedule())].sort().join(' ') === expected,
      SLOT_MS,
    );
    if (there === undefined)
      throw new Error(`the schedule is [${(await this.#system.schedule()).join(' ')}], not [${expected}]`);
    this.#drill.print(`  schedule: ${(await this.#system.schedule()).join(' ')}`);
    for (const name of this.caught) {
      const info = await infoOf(this.#drill.network.url(name));
      if (info === undefined) this.#drill.findings.push(`${name} was caught, and its node does not answer any more`);
    }
  }

  #logOf(node: string): string {
    return readFileSync(join(this.#drill.network.directory.logs, `${node}.log`), 'utf8');
  }
}

function blockIn(message: PeerMessage): SignedBlock | undefined {
  if (message.kind === 'block') return decode(signedBlockSchema, message.block);
  return message.kind === 'compactBlock' ? decode(signedBlockSchema, message.compactBlock.block) : undefined;
}

/** The last line of a log that says this. */
function lineOf(log: string, pattern: RegExp): string | undefined {
  return log.split('\n').findLast((line) => pattern.test(line));
}
