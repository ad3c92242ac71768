/**
 * Scenarios as text: a command, a line `----`, and what happened, until the next empty line. A line that begins with `#` is
 * a comment. The commands are the functions of {@link Scenario.command}.
 */
import { formatBlsPublicKey, fromHex, toHex } from '@snapscale/crypto';
import { blockHeaderSchema, blockNumOf, decode, formatName, votePhaseNames } from '@snapscale/protocol';
import type { ConsensusEffect } from '../effects.js';
import type { Evidence } from '../voting/evidence.js';
import { latestSafetyRecord } from '../voting/safety-record.js';
import { Cluster, makeSchedule } from './cluster.js';
import { fakeFinalizerKey, fakeVoteSignature } from './fake-signatures.js';
import { invalidContent, type Message, type TestNode } from './test-node.js';

/** Runs a transcript and returns it with the outputs that its commands have now. */
export function runTranscript(text: string): string {
  const scenario = new Scenario();
  const sections = text.trim().split(/\n\n+/);
  return `${sections.map((section) => runSection(scenario, section)).join('\n\n')}\n`;
}

function runSection(scenario: Scenario, section: string): string {
  const lines = section.split('\n');
  const end = lines.indexOf('----');
  const input = end < 0 ? lines : lines.slice(0, end);
  const command = input.filter((line) => !line.startsWith('#')).join(' ');
  if (command === '') return section;
  const output = scenario.command(command);
  return [...input, '----', ...output].join('\n');
}

type Obstacle = {
  readonly matches: (from: TestNode, to: TestNode, message: Message) => boolean;
  readonly delayMs?: number;
};

class Scenario {
  #cluster: Cluster | undefined;
  #slot = 0;
  #output: string[] = [];
  readonly #labels = new Map<string, string>();
  #finals = new Map<string, string[]>();
  #obstacles: Obstacle[] = [];
  #groups: readonly (readonly string[])[] = [];
  readonly #accounts: string[] = [];

  command(line: string): readonly string[] {
    const [verb = '', ...words] = line.split(/\s+/);
    this.#output = [];
    this.#finals = new Map();
    this.#run(verb, words);
    for (const [block, nodes] of this.#finals) this.#say(`final ${block}: ${nodes.join(' ')}`);
    return this.#output.length === 0 ? ['ok'] : this.#output;
  }

  #run(verb: string, words: readonly string[]): void {
    const [first = ''] = words;
    switch (verb) {
      case 'network':
        this.#network(words);
        return;
      case 'slots':
        this.#slots(Number(first), Number(words[1] ?? first));
        return;
      case 'partition':
        this.#groups = words
          .join(' ')
          .split(' | ')
          .map((group) => group.split(' '));
        return;
      case 'heal':
        this.#groups = [];
        this.#obstacles = [];
        return;
      case 'lose':
      case 'delay':
        this.#obstruct(verb, words);
        return;
      case 'crash':
        this.#node(first).crash();
        return;
      case 'start':
        this.#start(this.#node(first), words[1]);
        return;
      case 'disk':
        this.#node(first).diskFault = words[1] === 'works' ? undefined : (words[1] as 'stalls' | 'tears');
        return;
      case 'executor':
        this.#node(first).executesLater = words[1] === 'waits';
        return;
      case 'equivocate':
        this.#node(first).equivocates = words[1] !== 'no';
        return;
      case 'invalid':
        this.#node(first).nextContent = invalidContent;
        return;
      case 'propose':
        this.#propose(first, words.slice(1));
        return;
      case 'twin':
        this.#cluster!.addNode(`${first}'`, first);
        return;
      case 'vote':
        this.#vote(words);
        return;
      case 'status':
        this.#status(words);
        return;
      default:
        throw new Error(`${verb} is not a command of transcripts`);
    }
  }

  #network(words: readonly string[]): void {
    const names = words.filter((word) => !word.includes('='));
    const option = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
    const paused = option('pauses-at');
    this.#accounts.push(...names);
    this.#cluster = new Cluster({
      names,
      scheduled: option('producers')?.split(',') ?? names,
      ...(paused === undefined ? {} : { reversibleBlocksMax: Number(paused) }),
      onEffect: (node, effect) => this.#narrate(node, effect),
    });
    this.#label(this.#cluster.root.facts.id, 0);
    this.#cluster.route = (from, to, message) => this.#route(from, to, message);
  }

  #slots(from: number, to: number): void {
    for (this.#slot = from; this.#slot <= to; this.#slot++) {
      this.#cluster!.slot(this.#slot);
      // What takes less than a slot arrives before the next one.
      this.#cluster!.run(this.#slot * 500 + 499);
    }
    this.#slot = to;
  }

  #route(from: TestNode, to: TestNode, message: Message): readonly number[] {
    const group = (node: TestNode) => this.#groups.findIndex((labels) => labels.includes(node.options.label));
    if (this.#groups.length > 0 && group(from) !== group(to)) return [];
    const obstacle = this.#obstacles.find(({ matches }) => matches(from, to, message));
    if (obstacle === undefined) return [0];
    return obstacle.delayMs === undefined ? [] : [obstacle.delayMs];
  }

  /** `lose commit-votes from alice`, `delay blocks to dave 300`, `lose certificates`. */
  #obstruct(verb: string, words: readonly string[]): void {
    const [what = ''] = words;
    const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
    const [from, to] = [after('from'), after('to')];
    const kind = what.replace(/^(prepare|commit)-/, '').replace(/s$/, '');
    const phase = votePhaseNames.findIndex((name) => what.startsWith(`${name}-`));
    this.#obstacles.push({
      matches: (sender, receiver, message) => {
        if (message.kind !== kind) return false;
        if (from !== undefined && sender.options.label !== from) return false;
        if (to !== undefined && receiver.options.label !== to) return false;
        if (phase < 0) return true;
        if (message.kind === 'vote') return message.vote.phase === phase;
        return message.kind === 'certificate' && message.certificate.phase === phase;
      },
      ...(verb === 'delay' ? { delayMs: Number(words.at(-1)) } : {}),
    });
  }

  /** `start dave`; `start dave lied-to`: the newest record is gone although it was durable; `start dave forgetful`: all are. */
  #start(node: TestNode, damage: string | undefined): void {
    const newest = latestSafetyRecord(node.disk.filter((copy) => copy !== undefined))?.sequence ?? 0;
    if (damage === 'lied-to') node.disk[newest % 2] = undefined;
    if (damage === 'forgetful') node.disk = [undefined, undefined];
    node.start();
    node.feed({ kind: 'tick', slot: this.#slot });
    this.#cluster!.run(this.#cluster!.nowMs);
  }

  #propose(label: string, accounts: readonly string[]): void {
    const node = this.#node(label);
    const { head } = node.core!;
    const plan = node.core!.planBlock(head.id, head.slot + 1)!;
    node.nextProposal = makeSchedule(plan.schedule.version + 1, accounts);
  }

  /** `vote dave as erin prepare 5@4 [forged]`: dave sends a vote with erin's key. */
  #vote([sender = '', , account = '', phaseName = '', label = '', forged]: readonly string[]): void {
    const cluster = this.#cluster!;
    const blockId = [...this.#labels].find(([, known]) => known === label)?.[0];
    const id = blockId === undefined ? new Uint8Array(32).fill(7) : fromHex(blockId);
    const slot = Number(/@(\d+)/.exec(label)![1]);
    const phase = votePhaseNames.indexOf(phaseName as 'prepare') as 0 | 1;
    const finalizerKey = fakeFinalizerKey(account);
    const digest = cluster.voteDigest({ phase, slot, blockId: id });
    const signature = fakeVoteSignature(forged === undefined ? finalizerKey : fakeFinalizerKey('forger'), digest);
    const vote = { phase, slot, blockId: id, finalizerKey, signature };
    cluster.inject(this.#node(sender), { kind: 'vote', vote });
    cluster.run(cluster.nowMs);
  }

  #status(words: readonly string[]): void {
    for (const node of this.#cluster!.nodes) {
      const { label } = node.options;
      if (words.length > 0 && !words.includes(label)) continue;
      if (node.core === undefined) {
        this.#say(`${label}: down`);
        continue;
      }
      const record = latestSafetyRecord(node.disk.filter((copy) => copy !== undefined));
      const { lastPrepared, lock, offBranch = -1 } = record?.finalizer ?? { lastPrepared: undefined, lock: undefined };
      const point = (of: { id: Uint8Array; slot: number } | undefined) => (of === undefined ? 'none' : this.#of(of));
      const { head, final } = node.core;
      const off = offBranch < 0 ? '' : `, off branch ${offBranch}`;
      const votes = `prepared ${point(lastPrepared)}, lock ${point(lock)}${off}`;
      this.#say(`${label}: head ${this.#of(head)}, final ${this.#of(final)}, ${votes}`);
    }
  }

  #narrate(node: TestNode, effect: ConsensusEffect): void {
    const { label } = node.options;
    switch (effect.kind) {
      case 'build': {
        const { slot, previous, newProducers } = effect.plan;
        const begins = newProducers === undefined ? '' : `, which begins schedule ${newProducers.version}`;
        this.#say(
          `${label} builds ${blockNumOf(previous) + 1}@${slot} on ${this.#labels.get(toHex(previous))}${begins}`,
        );
        return;
      }
      case 'head':
        this.#of(effect);
        return;
      case 'finalized': {
        const block = this.#of(effect);
        this.#finals.set(block, [...(this.#finals.get(block) ?? []), label]);
        return;
      }
      case 'evidence':
        this.#say(`${label} has evidence: ${showEvidence(effect.evidence, this.#accounts)}`);
        return;
      case 'penalise': {
        const peer = this.#cluster!.nodes[effect.peer - 1]!.options.label;
        this.#say(`${label} penalises ${peer}: ${effect.rejection.code}`);
        return;
      }
      case 'event': {
        const detail = Object.entries(effect.detail).filter(([key]) => key !== 'why' && key !== 'reason');
        this.#say(`${label}: ${effect.name} ${detail.map(([key, value]) => `${key}=${value}`).join(' ')}`.trimEnd());
        return;
      }
      default:
    }
  }

  /** `5@4`: block 5 of slot 4; the second one of a slot is `5@4b`. */
  #of({ id, slot }: { readonly id: Uint8Array; readonly slot: number }): string {
    return this.#labels.get(toHex(id)) ?? this.#label(id, slot);
  }

  #label(id: Uint8Array, slot: number): string {
    const plain = `${blockNumOf(id)}@${slot}`;
    const taken = [...this.#labels.values()].filter((label) => label.replace(/[b-z]$/, '') === plain).length;
    const label = taken === 0 ? plain : `${plain}${String.fromCharCode(97 + taken)}`;
    this.#labels.set(toHex(id), label);
    return label;
  }

  #node(label: string): TestNode {
    return this.#cluster!.node(label);
  }

  #say(line: string): void {
    this.#output.push(line);
  }
}

function showEvidence(evidence: Evidence, accounts: readonly string[]): string {
  if (evidence.kind === 'production') {
    const { slot, producer } = decode(blockHeaderSchema, evidence.production.firstHeader);
    return `${formatName(producer)} made two blocks for slot ${slot}`;
  }
  const { slot, finalizerKey } = evidence.votes.first;
  const key = formatBlsPublicKey(finalizerKey);
  const owner = accounts.find((account) => formatBlsPublicKey(fakeFinalizerKey(account)) === key);
  return `${owner} voted for two blocks of slot ${slot}`;
}
