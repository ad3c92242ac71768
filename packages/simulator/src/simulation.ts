/** One seed: a storm of faults and cheats, then calm, in which finality must return and cheats must be noticed. */
import { toHex } from '@snapscale/crypto';
import { msToSlot } from '@snapscale/protocol';
import type { ReplicaOptions } from '@snapscale/replica';
import {
  babbler,
  type DoubleSlot,
  doubleDealer,
  doubleVoter,
  equivocator,
  forger,
  hoarder,
  invalidProducer,
  saboteur,
  selective,
  withholder,
} from './conducts.js';
import type { SimulatedGenesis } from './genesis.js';
import { calm } from './network.js';
import { honest, type SimulatedNode } from './node.js';
import { randomPace } from './pace.js';
import { World } from './world.js';

export const cheatKinds = [
  'none',
  'equivocator',
  'double voter',
  'withholder',
  'invalid blocks',
  'forger',
  'amnesia',
  'twins',
  'saboteur',
  'double dealer',
  'selective',
  'hoarder',
  'babbler',
  'reckless twins',
  'lost record',
] as const;

export type CheatKind = (typeof cheatKinds)[number];

/** What a second cheat of a larger network may be. */
const accompliceKinds = cheatKinds.filter((kind) => !['none', 'twins', 'reckless twins', 'lost record'].includes(kind));

/** How bad the weather is; the chances of partitions, crashes and proposals are for each tenth of a second. */
export type Severity = {
  readonly lossPercent: number;
  readonly latencyMaxMs: number;
  readonly restlessPercent: number;
  readonly crashPerMille: number;
  readonly proposalsPerMille: number;
  /** How far one node's clock may be off; the others are within a tenth of a second. */
  readonly skewMaxMs: number;
  readonly writeMaxMs: number;
};

export type SimulationOptions = {
  readonly genesis: SimulatedGenesis;
  readonly seed: number;
  /** Accounts of the nodes, the producers of the genesis first. */
  readonly members: readonly string[];
  /** Minutes of virtual time with faults. */
  readonly minutes: number;
  /** Of the first member; chosen by the seed unless given. As many others cheat as consensus bears. */
  readonly cheat?: CheatKind;
  /** Chosen by the seed unless given. */
  readonly severity?: Severity;
  readonly replica?: Partial<ReplicaOptions>;
};

export type SimulationResult = {
  /** `unnoticed`: a cheat did something twice in a slot, in calm weather, and somebody did not notice. */
  readonly outcome: 'pass' | 'no-progress' | 'diverged' | 'unnoticed';
  readonly detail: string;
  readonly cheat: CheatKind;
  readonly finalNum: number;
  /** Transactions in final blocks. */
  readonly transactions: number;
  /** Pieces of evidence. */
  readonly evidence: number;
  readonly virtualMs: number;
  /** Digest of what has happened: equal for equal seeds. */
  readonly transcript: string;
  readonly counts: ReadonlyMap<string, number>;
};

/** Slots of calm within which finality must have come back. */
const RECOVERY_SLOTS = 60;
/** Slots that finality may lag in calm weather: gaps of absent or cheating producers' turns. */
const BEHIND_SLOTS_MAX = 12;
/** Slots within which a cheat has to be noticed. */
const NOTICE_SLOTS = 4;
const STEP_MS = 100;
const BLACKOUTS_PER_MILLE = 2;
const CLOCK_STEPS_PER_MILLE = 5;
/** By how many slots a node that has lost its record assumes that its clock was ahead. */
const CLOCK_SLOTS = 2;
const PAUSES_PER_MILLE = 5;
const PAUSE_MAX_MS = 8_000;

/** A slot for which an account has made two blocks, and whether it voted for both. */
type Doubled = { readonly account: string; readonly slot: number; readonly voted: boolean };

type Course = {
  readonly world: World;
  readonly cheat: CheatKind;
  readonly kinds: ReadonlyMap<SimulatedNode, CheatKind>;
  readonly severity: Severity;
  readonly doubled: Doubled[];
};

export function simulate({
  genesis,
  seed,
  members,
  minutes,
  cheat,
  severity,
  replica,
}: SimulationOptions): SimulationResult {
  const kind = cheat ?? cheatKinds[seed % cheatKinds.length]!;
  const areTwins = kind === 'twins' || kind === 'reckless twins';
  const accounts = areTwins ? [...members, members[0]!] : members;
  const count = kind === 'none' ? 0 : Math.floor((genesis.root.facts.schedule.producers.length - 1) / 3);
  const special = Array.from({ length: count }, (_, i) => i);
  if (areTwins) special.push(members.length);
  // Who loses its record and starts again from an assumed one keeps all rules.
  const cheats = kind === 'lost record' ? special.slice(1) : special;
  const world = new World({ genesis, seed, accounts, cheats, replica: { reversibleBlocksMax: 60, ...replica } });
  const { chance } = world;
  const kinds = new Map(
    special.map((position, i) => {
      const node = world.nodes[position]!;
      return [node, i === 0 || position === members.length ? kind : chance.pick(accompliceKinds)];
    }),
  );
  const course: Course = {
    world,
    cheat: kind,
    kinds,
    severity: severity ?? severityOf(world),
    doubled: [],
  };
  for (const [node, its] of kinds) conductOf(course, node, its);
  setClocks(course);
  world.start();
  storm(course, minutes * 60_000);
  if (world.checkers.fault === undefined) recover(course);
  return result(course);
}

function conductOf({ world, doubled, kinds }: Course, node: SimulatedNode, kind: CheatKind): void {
  const { chance, genesis, network, nodes, timeline } = world;
  const peers = nodes.filter((other) => other !== node).map(({ peer }) => peer);
  const note =
    (voted: boolean): DoubleSlot =>
    ({ account }, slot) => {
      // What is made up for an old slot is not passed on: only those who got it have the proof.
      if (slot + 1 >= msToSlot(timeline.nowMs)) doubled.push({ account, slot, voted });
    };
  const watchers = new Set(nodes.filter((other) => !kinds.has(other)).map(({ peer }) => peer));
  if (kind === 'equivocator') node.conduct = equivocator(chance, peers, watchers, note(false));
  else if (kind === 'double dealer') node.conduct = doubleDealer(genesis.chainId, note(true));
  else if (kind === 'double voter') node.conduct = doubleVoter(genesis.chainId);
  else if (kind === 'withholder') node.conduct = withholder;
  else if (kind === 'invalid blocks') node.conduct = invalidProducer(chance);
  else if (kind === 'selective') node.conduct = selective(chance, peers);
  else if (kind === 'hoarder') node.conduct = hoarder(chance);
  else if (kind === 'forger') node.conduct = forger(chance);
  else if (kind === 'babbler') node.conduct = babbler(genesis, chance);
  else if (kind === 'reckless twins') node.conduct = { ...honest, isReckless: true };
  else if (kind === 'saboteur') {
    node.conduct = saboteur(genesis.chainId);
    network.unbound = new Set([node.peer]);
  }
}

function severityOf({ chance }: World): Severity {
  return {
    lossPercent: chance.pick([0, 2, 10, 30]),
    latencyMaxMs: chance.pick([20, 100, 400, 1500, 4000]),
    restlessPercent: chance.pick([1, 5]),
    crashPerMille: chance.pick([0, 5, 20]),
    proposalsPerMille: chance.pick([1, 3, 10]),
    skewMaxMs: chance.pick([100, 100, 600, 3_000]),
    writeMaxMs: chance.pick([8, 8, 100, 1_000]),
  };
}

/** Clocks within a tenth of a second; one of them may be farther off, unless a record is assumed by the clock. */
function setClocks({ world, cheat, severity }: Course): void {
  const skewMaxMs = cheat === 'lost record' ? 100 : severity.skewMaxMs;
  const { chance, nodes } = world;
  for (const node of nodes) node.skewMs = chance.below(200) - 100;
  chance.pick(nodes).skewMs = chance.below(2 * skewMaxMs) - skewMaxMs;
}

/** Bad weather. */
function storm(course: Course, ms: number): void {
  const { world, severity } = course;
  const { chance, network, timeline } = world;
  const { lossPercent, latencyMaxMs, restlessPercent, writeMaxMs } = severity;
  network.weather = { latencyMinMs: 1, latencyMaxMs, lossPercent, duplicatePercent: 3 };
  world.pace = randomPace(chance, writeMaxMs);
  const endMs = timeline.nowMs + ms;
  while (timeline.nowMs < endMs && world.checkers.fault === undefined) {
    if (chance.percent(restlessPercent)) world.partition();
    if (chance.percent(restlessPercent)) world.reunite();
    if (chance.below(1000) < CLOCK_STEPS_PER_MILLE) setClocks(course);
    trouble(course);
    world.run(STEP_MS);
  }
}

/** Something happens to one node, or to all. */
function trouble(course: Course): void {
  const { world, severity } = course;
  const { chance, genesis, nodes } = world;
  const { crashPerMille, proposalsPerMille } = severity;
  const node = chance.pick(nodes);
  if (node.replica === undefined) {
    if (chance.percent(20)) restart(course, node);
  } else if (crashPerMille > 0 && chance.below(1000) < BLACKOUTS_PER_MILLE) {
    for (const each of nodes) if (each.replica !== undefined) each.crash();
  } else if (chance.below(1000) < crashPerMille) {
    node.crash();
  } else if (chance.below(1000) < PAUSES_PER_MILLE) {
    node.pause(chance.below(PAUSE_MAX_MS));
  } else if (genesis.canPropose && chance.below(1000) < proposalsPerMille) {
    world.propose(node);
  } else if (chance.percent(30)) {
    world.transfer(node);
  }
}

function restart({ kinds }: Course, node: SimulatedNode): void {
  const kind = kinds.get(node);
  if (kind === 'amnesia') node.disk.forgetPromises();
  if (kind === 'lost record') node.disk.assumePromises(msToSlot(node.nowMs) + CLOCK_SLOTS);
  node.start();
}

/** Faults stop: all run and hear each other. Cheats go on. */
function recover(course: Course): void {
  const { world, doubled } = course;
  const { checkers, nodes, timeline } = world;
  world.reunite();
  world.network.weather = calm;
  world.pace = randomPace(world.chance);
  for (const node of nodes) node.skewMs = world.chance.below(200) - 100;
  for (const node of nodes) if (node.replica === undefined) restart(course, node);
  for (let slot = 0; slot < RECOVERY_SLOTS; slot++) {
    if (slot % 3 === 0) world.transfer(world.chance.pick(nodes));
    if (slot === RECOVERY_SLOTS >> 1) doubled.splice(0);
    world.run(500);
  }
  checkers.compareStates(nodes);
  const endSlot = msToSlot(timeline.nowMs) - NOTICE_SLOTS;
  doubled.splice(0, doubled.length, ...doubled.filter(({ slot }) => slot < endSlot));
}

/** Who has not noticed what a cheat did in calm weather. */
function unnoticed({ world, doubled }: Course): string | undefined {
  for (const { account, slot, voted } of doubled) {
    for (const kind of voted ? (['production', 'votes'] as const) : (['production'] as const)) {
      const unaware = world.checkers.unaware(kind, account, slot, world.nodes);
      if (unaware !== undefined) return `${unaware.label} has no evidence (${kind}) against ${account} in slot ${slot}`;
    }
  }
  return undefined;
}

function result(course: Course): SimulationResult {
  const { world, cheat, kinds } = course;
  const { checkers, timeline, genesis, transcript, counts } = world;
  const nowSlot = msToSlot(timeline.nowMs);
  const members = world.nodes.filter((node) => (kinds.get(node) ?? 'lost record') === 'lost record');
  const behind = nowSlot - Math.min(...members.map(({ replica }) => replica?.final.slot ?? 0));
  const missed = unnoticed(course);
  const heads = members.map(({ replica }) => replica && `${replica.head.num} ${toHex(replica.head.id).slice(8, 14)}`);
  const detail = checkers.fault ?? missed ?? `final ${behind} slots behind; heads ${[...new Set(heads)].join(', ')}`;
  let outcome: SimulationResult['outcome'] = 'pass';
  if (checkers.fault !== undefined) outcome = 'diverged';
  else if (behind > BEHIND_SLOTS_MAX) outcome = 'no-progress';
  else if (missed !== undefined) outcome = 'unnoticed';
  return {
    outcome,
    detail,
    cheat,
    finalNum: checkers.finalNum,
    transactions: checkers.transactions,
    evidence: checkers.accusations,
    virtualMs: timeline.nowMs - genesis.startMs,
    transcript,
    counts,
  };
}
