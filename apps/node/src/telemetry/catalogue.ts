/** Every metric of a node, declared once: name, kind, meaning, and where its value comes from. Units are in the names. */
import { formatName, slotToMs } from '@snapscale/protocol';
import type { CoreMetrics, CoreSamples } from '../core/core-metrics.js';
import type { ReporterStatus } from '../evidence/evidence-reporter.js';
import type { HealthCheck } from '../http/backend.js';
import type { NetworkStats } from '../net/network-messages.js';
import type { VerifyPoolStats } from '../verify/verify-pool.js';

/** What values are read from, all of one moment. */
export type MetricSources = {
  readonly core: CoreMetrics | undefined;
  readonly head: { readonly num: number; readonly slot: number };
  readonly final: { readonly num: number; readonly slot: number };
  /** Replies that clients wait for. */
  readonly awaited: number;
  readonly verify: VerifyPoolStats;
  /** Undefined: the node has no links to peers. */
  readonly network: NetworkStats | undefined;
  readonly evidence: ReporterStatus | undefined;
  /** Undefined before the HTTP server is there. */
  readonly access: { readonly membersSeen: number; readonly sessions: number } | undefined;
  readonly diskFreeBytes: number | undefined;
  readonly checks: readonly HealthCheck[];
  readonly nowMs: number;
};

/** A value with its labels, in the order of the declaration. */
export type Reading = readonly [value: number, ...labels: string[]];

type Described = { readonly name: string; readonly help: string };

/** `read` gives no reading where there is nothing to say. */
export type ReadMetric = Described & {
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly read: (sources: MetricSources) => Iterable<Reading>;
};

/** Fed with the core's samples once a second. */
export type SampledMetric = Described & { readonly samples: keyof CoreSamples; readonly buckets: readonly number[] };

/** Counted where it happens, on the main thread. */
export const requestSeconds = {
  name: 'snapscale_http_request_seconds',
  help: 'Time to answer HTTP requests',
  labels: ['route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
} as const;

export const accessTotal = {
  name: 'snapscale_http_access_total',
  help: 'Requests at the HTTP doors: how the client showed who it is, and admitted, or the code of the refusal (ACC-6)',
  labels: ['door', 'outcome'],
} as const;

export const submissionsTotal = {
  name: 'snapscale_submissions_total',
  help: 'Transactions handed in, by outcome',
  labels: ['outcome'],
} as const;

const short = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;
const long = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 15] as const;

export const sampledMetrics: readonly SampledMetric[] = [
  sampled(
    'close',
    'block_close_seconds',
    short,
    'Own blocks: completing them at the end of the slot, state root included',
  ),
  sampled(
    'propagation',
    'block_propagation_seconds',
    long,
    'Blocks of others: from the end of their slot to their arrival',
  ),
  sampled('execution', 'block_execution_seconds', short, 'Blocks of others: executing them'),
  sampled('prepare', 'block_prepared_seconds', long, 'From the end of a block’s slot to its prepare certificate'),
  sampled('commit', 'block_committed_seconds', long, 'From the end of a block’s slot to its own commit certificate'),
  sampled('final', 'block_final_seconds', long, 'From the end of a block’s slot to its being final here'),
  sampled(
    'journalWrite',
    'journal_write_seconds',
    short,
    'Making the journal of reversible blocks and promises durable',
  ),
  sampled('commitWrite', 'commit_write_seconds', short, 'Making final blocks and their state durable'),
];

export const readMetrics: readonly ReadMetric[] = [
  // The chain
  gauge('head_block', 'Number of the newest block', ({ head }) => one(head.num)),
  gauge('final_block', 'Number of the newest final block', ({ final }) => one(final.num)),
  gauge('head_age_seconds', 'Age of the newest block', ({ head, nowMs }) => one(ageSeconds(head.slot, nowMs))),
  gauge('finality_lag_blocks', 'Blocks above the newest final one', ({ head, final }) => one(head.num - final.num)),
  gauge('finality_lag_seconds', 'Age of the newest final block', ({ final, nowMs }) =>
    one(ageSeconds(final.slot, nowMs)),
  ),
  ofCore('counter', 'blocks_total', 'Blocks that became the head', ({ blocks }) => blocks),
  ofCore('counter', 'transactions_total', 'Transactions in them', ({ transactions }) => transactions),
  ofCore('counter', 'transactions_failed_total', 'Transactions refused or failed', (core) => core.transactionsFailed),
  counter(
    'slots_missed_total',
    'Empty slots, by the producer that was authorised; a halt longer than a round is nobody’s',
    ({ core }) => byLabel(core?.slotsMissed),
    'producer',
  ),
  ofCore('counter', 'head_switches_total', 'Changes of the head to another branch', ({ headSwitches }) => headSwitches),
  ofCore('counter', 'blocks_left_total', 'Blocks that were left by them', ({ blocksLeft }) => blocksLeft),
  ofCore(
    'counter',
    'onblock_failures_total',
    'Final blocks whose action onblock failed',
    (core) => core.onBlockFailures,
  ),
  counter(
    'notices_total',
    'What the log says about the chain, by name',
    ({ core }) => byLabel(core?.notices),
    'notice',
  ),

  // Consensus
  ofCore('gauge', 'production_paused', '1 while too many blocks wait for finality', (core) => +core.productionPaused),
  ofCore(
    'gauge',
    'production_held',
    '1 after the start, until another node is connected',
    (core) => +core.productionHeld,
  ),
  ofCore('gauge', 'own_key_elsewhere', '1 when the node is silent because its key runs twice', (core) =>
    core.muteReason === undefined ? 0 : 1,
  ),
  gauge(
    'finalizer_silent_seconds',
    'Time since the last vote of a finalizer came; absent: none has come since the start',
    ({ core, nowMs }) =>
      (core?.finalizers ?? []).flatMap(({ name, lastVoteSlot }): Reading[] =>
        lastVoteSlot === undefined ? [] : [[ageSeconds(lastVoteSlot, nowMs), formatName(name)]],
      ),
    'finalizer',
  ),
  ofCore('counter', 'votes_signed_total', 'Votes that this node signed', ({ votesSigned }) => votesSigned),
  ofCore(
    'counter',
    'vote_verifications_total',
    'Aggregates of votes that were verified',
    (core) => core.voteVerifications,
  ),
  ofCore('counter', 'vote_signatures_verified_total', 'Signatures in them', (core) => core.voteSignaturesVerified),
  ofCore('counter', 'evidence_total', 'Cheats that were found out', ({ evidence }) => evidence),
  gauge('evidence_open', 'Cheats that are not jailed yet', ({ evidence }) => one(evidence?.open)),

  // Queues
  ofCore('gauge', 'pool_transactions', 'Transactions that wait for a block with room', ({ waiting }) => waiting),
  ofCore('gauge', 'inbox_transactions', 'Transactions that the core has not looked at yet', ({ inbox }) => inbox),
  gauge('verify_waiting', 'Transactions that wait for a verifying thread', ({ verify }) => one(verify.waiting)),
  gauge('replies_awaited', 'Replies that clients wait for', ({ awaited }) => one(awaited)),
  ofCore('gauge', 'reversible_blocks', 'Blocks of the best chain above the final one', ({ reversible }) => reversible),
  ofCore('gauge', 'tree_blocks', 'Blocks of all branches above the final one', ({ treeBlocks }) => treeBlocks),
  gauge('blocks_waiting', 'Blocks that wait, by what for', ({ core }) => byLabel(core?.blocksWaiting), 'reason'),
  ofCore('gauge', 'votes_waiting', 'Votes for blocks that have not come', ({ votesWaiting }) => votesWaiting),
  ofCore('gauge', 'certificates_waiting', 'The same of certificates', (core) => core.certificatesWaiting),
  ofCore('gauge', 'vote_verifications_waiting', 'Verifications under way', (core) => core.verificationsWaiting),

  // Work
  counter('transactions_verified_total', 'Transactions whose signatures were verified', ({ verify }) =>
    one(verify.verified),
  ),
  counter('transactions_rejected_total', 'Transactions refused before execution', ({ verify }) => one(verify.rejected)),
  ofCore('counter', 'core_execute_seconds_total', 'Time spent executing transactions', (core) => core.executeSeconds),
  ofCore('counter', 'core_close_seconds_total', 'Time spent completing blocks', ({ closeSeconds }) => closeSeconds),
  ofCore('counter', 'core_persist_seconds_total', 'Time spent storing final blocks', (core) => core.persistSeconds),
  ofCore('gauge', 'core_heap_bytes', 'Heap of the core thread', ({ heapBytes }) => heapBytes),
  gauge('disk_free_bytes', 'Free space where the data directory is', ({ diskFreeBytes }) => one(diskFreeBytes)),

  // HTTP doors
  gauge('http_members_seen', 'Certificates that were let in by HTTP in the last ten minutes', ({ access }) =>
    one(access?.membersSeen),
  ),
  gauge(
    'http_member_sessions',
    'Certificates with an event stream, a connection or a waiting request; all clients without one count as one',
    ({ access }) => one(access?.sessions),
  ),

  // Peers
  gauge('peers', 'Nodes with a connection to this one', ({ network }) => one(network?.peers)),
  gauge('peer_producers', 'Those of them that produce', ({ core }) => one(core?.peers?.producers)),
  gauge(
    'peer_round_trip_seconds',
    'Round-trip time, by node',
    ({ network }) => byLabel(network?.roundTripMs).map(([ms, node]): Reading => [ms / 1000, node!]),
    'node',
  ),
  counter(
    'peer_bytes_total',
    'Bytes exchanged with peers',
    ({ network }) => traffic(network, 'bytes'),
    'kind',
    'direction',
  ),
  counter(
    'peer_messages_total',
    'Messages exchanged with peers',
    ({ network }) => traffic(network, 'messages'),
    'kind',
    'direction',
  ),
  ofCore('counter', 'peer_penalties_total', 'Messages that no honest node sends', ({ penalties }) => penalties),
  gauge('certificate_expires_seconds', "Until the end of this node's certificate; negative after it", (sources) =>
    one(expiresSeconds(sources)),
  ),
  {
    kind: 'counter',
    name: 'snapscale_peer_certificates_refused_total',
    help: 'Connections of nodes whose certificate was refused, by code (NET-17)',
    labels: ['code'],
    read: ({ network }) => byLabel(network?.refused),
  },
  counter('peer_messages_dropped_total', 'Messages left out: their sender sent too many', ({ network }) =>
    one(network?.dropped),
  ),
  gauge('peer_core_queue_bytes', 'Bytes of peers’ messages that the core has yet to read', ({ network }) =>
    one(network?.coreQueue.bytes),
  ),
  gauge('peers_paused', 'Peers that are not read until their messages are worked off', ({ network }) =>
    one(network?.paused),
  ),

  gauge(
    'health_check',
    '1 if the check of /v1/node/health passes',
    ({ checks }) => checks.map(({ ok, name }) => [+ok, name]),
    'check',
  ),
];

function sampled(samples: keyof CoreSamples, name: string, buckets: readonly number[], help: string): SampledMetric {
  return { name: `snapscale_${name}`, help, samples, buckets };
}

type Read = ReadMetric['read'];

function gauge(name: string, help: string, read: Read, ...labels: readonly string[]): ReadMetric {
  return { kind: 'gauge', name: `snapscale_${name}`, help, labels, read };
}

function counter(name: string, help: string, read: Read, ...labels: readonly string[]): ReadMetric {
  return { kind: 'counter', name: `snapscale_${name}`, help, labels, read };
}

function ofCore(kind: ReadMetric['kind'], name: string, help: string, read: (core: CoreMetrics) => number): ReadMetric {
  const declare = kind === 'gauge' ? gauge : counter;
  return declare(name, help, ({ core }) => (core === undefined ? [] : one(read(core))));
}

function one(value: number | undefined): Reading[] {
  return value === undefined ? [] : [[value]];
}

function byLabel(values: Readonly<Record<string, number>> = {}): Reading[] {
  return Object.entries(values).map(([label, value]) => [value, label]);
}

function traffic(network: NetworkStats | undefined, what: 'bytes' | 'messages'): Reading[] {
  return (network?.traffic ?? []).flatMap((of): Reading[] => [
    [what === 'bytes' ? of.bytesIn : of.messagesIn, of.kind, 'in'],
    [what === 'bytes' ? of.bytesOut : of.messagesOut, of.kind, 'out'],
  ]);
}

function ageSeconds(slot: number, nowMs: number): number {
  return Math.max(0, nowMs - slotToMs(slot)) / 1000;
}

function expiresSeconds({ network, nowMs }: MetricSources): number | undefined {
  return network === undefined ? undefined : Math.floor((network.certificate.expiresMs - nowMs) / 1000);
}
