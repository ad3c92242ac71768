/** From a cheat that the consensus core sees to a jailed producer: real keys, real signatures, the real contract. */
import {
  ConsensusCore,
  type ConsensusEffect,
  type ConsensusEvent,
  type Evidence,
  genesisRoot,
} from '@snapscale/consensus';
import { blsAggregate, blsSign, blsVerifyAggregate, sha256, sign } from '@snapscale/crypto';
import { testPrivateKey } from '@snapscale/execution/testing';
import { type BlockHeader, blockDigest, blockId, formatName, name, type Vote, voteDigest } from '@snapscale/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { producerSteps } from '../founding/producers.js';
import { sendActions, waitFor } from '../own-transactions.js';
import { ownerOfFinalizerKey } from './accusation.js';
import { EvidenceReporter } from './evidence-reporter.js';
import { evidencePermission } from './permission.js';
import { registerFinalizers } from './producer-account.js';
import { ProducerChain } from './testing/producer-chain.js';

const accounts = ['bp.a', 'bp.b', 'bp.c', 'bp.d'];
const cheat = 'bp.b';
let chain: ProducerChain;

beforeEach(async () => {
  chain = await ProducerChain.start(accounts);
});

/** A core that looks on, with the chain's producers, and whose host verifies for real. */
class Onlooker {
  readonly core: ConsensusCore;
  readonly effects: ConsensusEffect[] = [];
  readonly slot: number;

  constructor() {
    // A turn of the cheat, shortly before now.
    const turn = Math.floor(chain.ledger.pending.slot / 12) - 8;
    const at = accounts.indexOf(cheat);
    this.slot = (turn - (turn % 4) + at) * 12;
    const header = headerOf({ slot: this.slot - 1, producer: name('') });
    const { producers, chainId } = chain;
    const root = genesisRoot(header, { version: 0, producers });
    this.core = new ConsensusCore({ chainId, root, safetyRecord: undefined, producers: [], finalizerKeys: [] });
    this.feed({ kind: 'tick', slot: this.slot });
  }

  feed(event: ConsensusEvent): void {
    for (const effect of this.core.step(event)) {
      this.effects.push(effect);
      if (effect.kind !== 'verify') continue;
      const { ticket, digest, keys, signatures } = effect;
      const aggregate = blsVerifyAggregate(keys, digest, blsAggregate(signatures))
        ? blsAggregate(signatures)
        : undefined;
      this.feed({ kind: 'verified', ticket, aggregate });
    }
  }

  /** A block of the cheat with this content. */
  block(content: number): Uint8Array {
    const { headerExtensions, producer, previous } = this.core.planBlock(this.core.final.id, this.slot)!;
    const transactionMroot = new Uint8Array(32).fill(content);
    const header = headerOf({ slot: this.slot, producer, previous, transactionMroot, headerExtensions });
    expect(formatName(producer)).toBe(cheat);
    const { blockKey, key } = chain.producer(cheat);
    const signature = sign(blockKey, blockDigest(header));
    this.feed({ kind: 'block', from: 1, header, signature, signedBy: key });
    return blockId(header);
  }

  vote(phase: 0 | 1, id: Uint8Array): void {
    const { finalizerSecret, finalizerKey } = chain.producer(cheat);
    const subject = { phase, slot: this.slot, blockId: id };
    const vote: Vote = {
      ...subject,
      finalizerKey,
      signature: blsSign(finalizerSecret, voteDigest(chain.chainId, subject)),
    };
    this.feed({ kind: 'vote', from: 1, vote });
  }

  get evidence(): Evidence {
    const found = this.effects.flatMap((effect) => (effect.kind === 'evidence' ? [effect.evidence] : []));
    expect(found).toHaveLength(1);
    return found[0]!;
  }
}

function headerOf(fields: Partial<BlockHeader>): BlockHeader {
  const zeros = new Uint8Array(32);
  return {
    slot: 0,
    producer: name(''),
    confirmed: 0,
    previous: zeros,
    transactionMroot: zeros,
    actionMroot: zeros,
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
    ...fields,
  };
}

function twoBlocks(): Evidence {
  const onlooker = new Onlooker();
  onlooker.block(1);
  onlooker.block(2);
  return onlooker.evidence;
}

function twoVotes(): Evidence {
  const onlooker = new Onlooker();
  onlooker.vote(0, sha256(Uint8Array.of(1)));
  onlooker.vote(1, sha256(Uint8Array.of(2)));
  return onlooker.evidence;
}

const reporterOf = (account: string) => new EvidenceReporter(chain.node([account]), () => 0.5);
const register = (account: string) => {
  const { finalizerSecret } = chain.producer(account);
  return registerFinalizers(chain.node([account]), chain.producers, [finalizerSecret], AbortSignal.timeout(60_000));
};
const jailed = () => chain.entry(cheat)?.status === 3;

describe('a producer that cheats is jailed', () => {
  test('for two blocks in a slot, by the permission for evidence', async () => {
    const reporter = reporterOf('bp.a');
    await reporter.report(twoBlocks());
    expect(jailed()).toBe(true);
    expect(reporter.status).toEqual({ open: 0, settled: 1, givenUp: 0 });
    expect(chain.ledger.rows('eosio', 'eosio', 'evidence')).toMatchObject([
      { producer: cheat, kind: 1, reporter: 'bp.a' },
    ]);
    expect(chain.sent).toHaveLength(1);
  });

  test('for two votes in a slot, once its finalizer key is registered', async () => {
    const evidence = twoVotes();
    const reporter = reporterOf('bp.c');
    await reporter.report(evidence);
    expect(jailed()).toBe(false);
    expect(chain.notices).toEqual([expect.stringContaining('that no producer has registered')]);

    await register(cheat);
    await reporter.report(evidence);
    expect(jailed()).toBe(true);
    expect(chain.ledger.rows('eosio', 'eosio', 'evidence')).toMatchObject([
      { producer: cheat, kind: 2, reporter: 'bp.c' },
    ]);
  });

  test('also when the operator has taken the active permission off the node', async () => {
    const auth = {
      threshold: 1,
      keys: [],
      accounts: [{ permission: { actor: 'bp.d', permission: 'active' }, weight: 1 }],
      waits: [],
    };
    chain.ledger.push('eosio', 'updateauth', 'bp.a@owner', {
      account: 'bp.a',
      permission: 'active',
      parent: 'owner',
      auth,
    });
    await reporterOf('bp.a').report(twoBlocks());
    expect(jailed()).toBe(true);
  });

  test('or by the active permission, where the other one is not linked', async () => {
    for (const type of ['evidblock', 'evidvote']) {
      chain.ledger.push('eosio', 'unlinkauth', 'bp.a@owner', { account: 'bp.a', code: 'eosio', type });
    }
    chain.ledger.push('eosio', 'deleteauth', 'bp.a@owner', {
      account: 'bp.a',
      permission: formatName(evidencePermission),
    });
    await reporterOf('bp.a').report(twoBlocks());
    expect(jailed()).toBe(true);
  });
});

describe('reports', () => {
  test('are not sent when another node was faster, and count as settled', async () => {
    const evidence = twoBlocks();
    await reporterOf('bp.a').report(evidence);
    const late = reporterOf('bp.c');
    await late.report(evidence);
    expect(chain.sent).toHaveLength(1);
    expect(late.status.settled).toBe(1);
  });

  test('are not sent by the accused itself, nor by a node without producers', async () => {
    await reporterOf(cheat).report(twoBlocks());
    await new EvidenceReporter(chain.node([]), () => 0).report(twoBlocks());
    expect(chain.sent).toHaveLength(0);
    expect(jailed()).toBe(false);
  });

  test('are sent again after a refusal, and given up in the end', async () => {
    const busy = { code: 'snap_queue_full', message: 'the queue is full' } as const;
    chain.refusals.push(busy, busy);
    await reporterOf('bp.a').report(twoBlocks());
    expect(chain.sent).toHaveLength(3);
    expect(jailed()).toBe(true);
  });

  test('end after so many refusals, and say so', async () => {
    chain.refusals.push(...Array.from({ length: 100 }, () => ({ code: 'snap_queue_full', message: 'full' }) as const));
    const reporter = reporterOf('bp.a');
    await reporter.report(twoBlocks());
    expect(chain.sent).toHaveLength(12);
    expect(reporter.status).toEqual({ open: 0, settled: 0, givenUp: 1 });
    expect(chain.notices.at(-1)).toMatch(/^error evidence could not be reported/);
  });

  test('are open until the jailing is final: what a fork undoes is reported again', async () => {
    const evidence = twoBlocks();
    chain.stallFinality();
    let waits = 0;
    const reporter = new EvidenceReporter(
      {
        ...chain.node(['bp.a']),
        wait: async () => {
          expect(reporter.status.open).toBe(1);
          if (++waits === 4) chain.resumeFinality();
          chain.ledger.produceBlock();
        },
      },
      () => 0,
    );
    await reporter.report(evidence);
    expect(waits).toBe(4);
    expect(chain.sent).toHaveLength(1);
  });

  test('of one account are one case, however often it cheats', async () => {
    const reporter = reporterOf('bp.a');
    await Promise.all([reporter.report(twoBlocks()), reporter.report(twoBlocks())]);
    expect(chain.sent).toHaveLength(1);
  });

  test('stop when the node stops', async () => {
    const reporter = reporterOf('bp.a');
    reporter.close();
    await reporter.report(twoBlocks());
    expect(chain.sent).toHaveLength(0);
  });

  test('count also when the cheat has resigned', async () => {
    chain.ledger.push('eosio', 'unregprod', `${cheat}@owner`, { producer: cheat });
    await reporterOf('bp.a').report(twoBlocks());
    expect(jailed()).toBe(true);
  });
});

describe('the first producers', () => {
  test('are set up once', () => {
    expect(producerSteps(chain.genesis, chain.ledger.pending.state)).toEqual([]);
    expect(chain.entry('bp.d')).toMatchObject({ is_active: 1, status: 0 });
  });

  test('are owned by eosio, and active by their block keys', async () => {
    const { blockKey } = chain.producer('bp.a');
    const action = () => chain.ledger.action('eosio', 'unregprod', 'bp.a', { producer: 'bp.a' });
    const founder = chain.node([], [testPrivateKey]);
    expect(await sendActions(founder, [action()], testPrivateKey)).toMatchObject({ code: 'unsatisfied_authorization' });
    expect(await sendActions(founder, [action()], blockKey)).toBeUndefined();
  });

  test('need no steps on a chain of eosio alone', () => {
    const eosio = { ...chain.producers[0]!, name: name('eosio') };
    expect(producerSteps({ ...chain.genesis, producers: [eosio] }, chain.ledger.pending.state)).toEqual([]);
  });

  test('register their finalizer keys, each once', async () => {
    const { finalizerKey } = chain.producer('bp.a');
    expect(ownerOfFinalizerKey(chain.ledger.pending.state, finalizerKey)).toBeUndefined();
    await register('bp.a');
    expect(ownerOfFinalizerKey(chain.ledger.pending.state, finalizerKey)).toBe(name('bp.a'));
    await register('bp.a');
    await register('bp.b');
    expect(chain.sent).toHaveLength(2);
    expect(ownerOfFinalizerKey(chain.ledger.pending.state, chain.producer('bp.c').finalizerKey)).toBeUndefined();
  });

  test('say so when they cannot', async () => {
    const { finalizerSecret } = chain.producer('bp.a');
    const stranger = chain.node(['bp.a'], [testPrivateKey]);
    await registerFinalizers(stranger, chain.producers, [finalizerSecret], AbortSignal.timeout(60_000));
    expect(chain.sent).toHaveLength(0);
    expect(chain.notices.at(-1)).toMatch(/^error finalizer keys could not be registered.*regfinkey.*bp.a/);
  });
});

test('waiting ends early, without an error, when the node stops', async () => {
  const stop = new AbortController();
  const waiting = waitFor(1_000_000, stop.signal);
  stop.abort();
  await expect(waiting).resolves.toBeUndefined();
});
