/** Whether the node works, and if not, why: pure judgements on facts that others have gathered. */
import type { FinalizerActivity } from '@snapscale/consensus';
import { formatName, limits, msToSlot, quorumOf, slotToMs } from '@snapscale/protocol';
import type { CertificateStanding } from '../admission/own-certificate.js';
import type { CoreMetrics } from '../core/core-metrics.js';
import type { HealthCheck } from '../http/backend.js';

/** Everything that health is judged by. */
export type HealthFacts = {
  readonly nowMs: number;
  readonly head: { readonly num: number; readonly slot: number };
  readonly final: { readonly num: number; readonly slot: number };
  /** Replies that clients wait for. */
  readonly awaited: number;
  readonly awaitedMax: number;
  /** What the core said last, and when; undefined in its first second. */
  readonly core: CoreMetrics | undefined;
  readonly coreHeardMs: number;
  /** Milliseconds by which the clocks of connected nodes are ahead of this one, of all of them; undefined: no links to peers. */
  readonly clockAheadMs: readonly number[] | undefined;
  /** Nodes that have not let this one in lately, because one of its name is connected to them already. */
  readonly twinRefusals: readonly string[];
  /** Of this node's own certificate; undefined: it has none, or nothing is known of it yet. */
  readonly certificate: CertificateStanding | undefined;
  /** Nodes that have refused this one's certificate lately, and why. */
  readonly certificateRefusals: readonly string[];
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | undefined;
};

/** Checks that say whether a request should go to this node; the others are for its operator. */
export const readinessChecks: readonly string[] = ['core', 'blocks', 'sync', 'consensus', 'queue'];

const HEAD_AGE_MS_MAX = 5_000;
const CORE_SILENCE_MS_MAX = 5_000;
const FINALITY_LAG_BLOCKS_MAX = 10;
/** A finalizer that was not heard of for a turn is named when finality waits. */
const SILENT_SLOTS = limits.slotsPerTurn;
const OWN_SLOTS_MISSED_MAX = limits.slotsPerTurn;
const CLOCK_AHEAD_MS_MAX = 400;
const CERTIFICATE_LEFT_MS_MIN = 86_400_000;
/** Of certificates with a short life this part is enough. */
const CERTIFICATE_LEFT_PART_MIN = 0.2;
const DISK_FREE_BYTES_MIN = 2 ** 30;
/** Also of a small disk this part must be free. */
const DISK_FREE_PART_MIN = 0.02;

/** All checks, in the order in which an operator should look at them. */
export function healthChecks(facts: HealthFacts): HealthCheck[] {
  return [
    core(facts),
    keys(facts),
    certificate(facts),
    consensus(facts),
    clock(facts),
    disk(facts),
    peers(facts),
    sync(facts),
    blocks(facts),
    production(facts),
    finality(facts),
    queue(facts),
  ];
}

function core({ nowMs, coreHeardMs }: HealthFacts): HealthCheck {
  const silentMs = Math.max(0, nowMs - coreHeardMs);
  const ok = silentMs < CORE_SILENCE_MS_MAX;
  return { name: 'core', ok, detail: ok ? 'the core answers' : `the core has said nothing for ${seconds(silentMs)}` };
}

function keys({ core: metrics, twinRefusals }: HealthFacts): HealthCheck {
  if (metrics?.peers?.peers === 0 && twinRefusals.length > 0) {
    const who = `${twinRefusals.join(', ')} will not let this node in, because one of its name is connected there already`;
    return {
      name: 'keys',
      ok: false,
      detail: `${who}: it seems to run twice with the same certificate; stop one of them`,
    };
  }
  const reason = metrics?.muteReason;
  if (reason === undefined) return { name: 'keys', ok: true, detail: 'no other node uses the keys of this one' };
  const advice = 'find the other node with the same keys and stop it, then start this one again';
  return { name: 'keys', ok: false, detail: `this node neither produces nor votes, because ${reason}: ${advice}` };
}

function certificate({ certificate: own, certificateRefusals, core: metrics, nowMs }: HealthFacts): HealthCheck {
  const name = 'certificate';
  if (own === undefined) return { name, ok: true, detail: 'this node has no links to peers and needs none' };
  const { refusal, beganMs, expiresMs } = own;
  if (refusal !== undefined) {
    const advice =
      'other nodes refuse this one until it is admitted again or has another certificate (no restart needed)';
    return { name, ok: false, detail: `${refusal.message} (${refusal.code}): ${advice}` };
  }
  // What is final at others can be news to a node that they have cut off.
  if (metrics?.peers?.peers === 0 && certificateRefusals.length > 0) {
    return { name, ok: false, detail: `no other node is connected: ${certificateRefusals.join('; ')}` };
  }
  const leftMs = expiresMs - nowMs;
  const ok = leftMs >= Math.min(CERTIFICATE_LEFT_MS_MIN, (expiresMs - beganMs) * CERTIFICATE_LEFT_PART_MIN);
  const text = `valid until ${new Date(expiresMs).toISOString()}`;
  return { name, ok, detail: ok ? text : `${text}, ${(leftMs / 3_600_000).toFixed(1)} hours from now: renew it` };
}

function consensus({ core: metrics }: HealthFacts): HealthCheck {
  if (metrics?.broken !== true) return { name: 'consensus', ok: true, detail: 'final blocks agree' };
  const what = 'two final blocks contradict each other, or one is invalid here';
  return {
    name: 'consensus',
    ok: false,
    detail: `${what}: this node has stopped; see the log, and compare with other nodes`,
  };
}

function clock({ clockAheadMs }: HealthFacts): HealthCheck {
  const name = 'clock';
  if (clockAheadMs === undefined || clockAheadMs.length === 0) {
    return { name, ok: true, detail: 'there is no peer to compare the clock with' };
  }
  const sorted = [...clockAheadMs].sort((a, b) => a - b);
  const medianMs = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const ok = Math.abs(medianMs) < CLOCK_AHEAD_MS_MAX;
  const off = `this clock is ${seconds(Math.abs(medianMs))} ${medianMs > 0 ? 'behind' : 'ahead of'} those of most peers`;
  return { name, ok, detail: ok ? 'the clock agrees with most peers' : `${off}: set the time of this machine` };
}

function disk({ disk: facts }: HealthFacts): HealthCheck {
  if (facts === undefined) return { name: 'disk', ok: true, detail: 'the free space is not known' };
  const { freeBytes, totalBytes } = facts;
  const ok = freeBytes >= DISK_FREE_BYTES_MIN && freeBytes >= totalBytes * DISK_FREE_PART_MIN;
  const free = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} GB are free where the data directory is`;
  return { name: 'disk', ok, detail: ok ? free : `${free}: the node ends when nothing is left` };
}

function peers({ core: metrics }: HealthFacts): HealthCheck {
  const name = 'peers';
  const links = metrics?.peers;
  const finalizers = metrics?.finalizers.length ?? 0;
  const own = metrics?.own.filter(({ isScheduled }) => isScheduled).length ?? 0;
  const others = finalizers - own;
  if (links === undefined) {
    const ok = others <= 0 || finalizers === 0;
    const alone = `this node has no links to peers (--peer-port), and ${others} of ${finalizers} producers are elsewhere`;
    return { name, ok, detail: ok ? 'this node works alone' : alone };
  }
  if (links.peers === 0) return { name, ok: others <= 0, detail: 'no other node is connected' };
  const connected = `${links.peers} nodes are connected, ${links.producers} of them producers`;
  // A node that looks on is content with anybody.
  const needed = own === 0 ? 0 : quorumOf(finalizers) - own;
  const ok = links.producers >= needed;
  return { name, ok, detail: ok ? connected : `${connected}: for a quorum this node needs ${needed}` };
}

function sync({ core: metrics, head, nowMs }: HealthFacts): HealthCheck {
  const links = metrics?.peers;
  if (links?.syncing !== true) return { name: 'sync', ok: true, detail: 'not behind the peers' };
  // Anybody can claim a height: while the newest block is new, that is no reason to send clients elsewhere.
  const ok = nowMs - slotToMs(head.slot) < HEAD_AGE_MS_MAX;
  return { name: 'sync', ok, detail: `fetching blocks: at ${head.num}, a peer says it has ${links.highestClaimed}` };
}

function blocks({ head, nowMs }: HealthFacts): HealthCheck {
  const ageMs = Math.max(0, nowMs - slotToMs(head.slot));
  return { name: 'blocks', ok: ageMs < HEAD_AGE_MS_MAX, detail: `block ${head.num} is ${seconds(ageMs)} old` };
}

function production({ core: metrics }: HealthFacts): HealthCheck {
  const name = 'production';
  const own = metrics?.own.filter(({ isScheduled }) => isScheduled) ?? [];
  if (metrics?.productionHeld && own.length > 0) {
    return {
      name,
      ok: false,
      detail: 'waiting: after its start a node does not produce before another one is connected',
    };
  }
  if (metrics?.productionPaused) {
    return { name, ok: false, detail: `paused: ${metrics.reversible} blocks wait for finality (see finality)` };
  }
  const idle = own.filter(({ missedInARow }) => missedInARow >= OWN_SLOTS_MISSED_MAX);
  if (idle.length > 0) {
    const who = idle.map(({ producer, missedInARow }) => `${producer} has missed its last ${missedInARow} slots`);
    return { name, ok: false, detail: `${who.join('; ')}, though it is in the schedule` };
  }
  const names = own.map(({ producer }) => producer).join(', ');
  return { name, ok: true, detail: own.length === 0 ? 'this node is not in the schedule' : `${names} in the schedule` };
}

function finality({ core: metrics, head, final, nowMs }: HealthFacts): HealthCheck {
  const lag = head.num - final.num;
  const ok = lag <= FINALITY_LAG_BLOCKS_MAX;
  if (ok) return { name: 'finality', ok, detail: `block ${final.num} is final, ${lag} behind the newest` };
  const finalizers = metrics?.finalizers ?? [];
  const silent = finalizers.filter(({ lastVoteSlot }) => isSilent(lastVoteSlot, nowMs));
  return {
    name: 'finality',
    ok,
    detail: `no block after ${final.num} is final, ${lag} wait${whoIsSilent(silent, finalizers)}`,
  };
}

function isSilent(lastVoteSlot: number | undefined, nowMs: number): boolean {
  return lastVoteSlot === undefined || lastVoteSlot < msToSlot(nowMs) - SILENT_SLOTS;
}

function whoIsSilent(silent: readonly FinalizerActivity[], all: readonly FinalizerActivity[]): string {
  if (silent.length === 0) return '';
  const names = silent.map(({ name }) => formatName(name)).join(', ');
  const { length } = all;
  return `: no votes of ${names} of late, and ${quorumOf(length)} of ${length} finalizers must vote`;
}

function queue({ awaited, awaitedMax }: HealthFacts): HealthCheck {
  return { name: 'queue', ok: awaited < awaitedMax, detail: `${awaited} of at most ${awaitedMax} replies are awaited` };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
