/** Gathers what health and metrics are judged and read from. */
import { statfs } from 'node:fs/promises';
import type { CoreClient } from '../core/core-client.js';
import type { EvidenceReporter } from '../evidence/evidence-reporter.js';
import type { HealthCheck } from '../http/backend.js';
import type { HttpServer } from '../http/server/http-server.js';
import type { NetworkClient } from '../net/network-client.js';
import type { VerifyPool } from '../verify/verify-pool.js';
import { type HealthFacts, healthChecks } from './health.js';
import { NodeMetrics } from './node-metrics.js';

/** The parts of a node that are looked at. Those that come later are undefined at first. */
export type ObservedParts = {
  readonly dataDir: string;
  readonly core: CoreClient;
  readonly verify: VerifyPool;
  readonly awaitedMax: number;
  network(): NetworkClient | undefined;
  evidence(): EvidenceReporter | undefined;
  http(): HttpServer | undefined;
};

/** How often the free space is asked for, milliseconds. */
const DISK_INTERVAL_MS = 10_000;

/** For how long it counts that another node did not let this one in, milliseconds. */
const REFUSAL_MS = 120_000;

export class NodeObserver {
  readonly metrics: NodeMetrics;
  readonly #parts: ObservedParts;
  /** Milliseconds by which the clocks of connected nodes are ahead, where that is worth a word. */
  readonly #clocksAhead = new Map<string, number>();
  /** When nodes said last that a node of this one's name is connected to them already. */
  readonly #refusedMs = new Map<string, number>();
  /** What nodes said last of this one's certificate, and when. */
  readonly #certificateRefusals = new Map<string, { readonly reason: string; readonly atMs: number }>();
  readonly #timer: NodeJS.Timeout;
  #coreHeardMs = Date.now();
  #disk: HealthFacts['disk'];

  constructor(parts: ObservedParts) {
    this.#parts = parts;
    this.metrics = new NodeMetrics(() => this.#sources());
    parts.core.listen({
      metrics: ({ samples }) => {
        this.#coreHeardMs = Date.now();
        this.metrics.observe(samples);
      },
    });
    this.#timer = setInterval(() => void this.#lookAtDisk(), DISK_INTERVAL_MS);
    this.#timer.unref();
    void this.#lookAtDisk();
  }

  /** What the network says about connections and clocks. */
  networkEvent(name: string, { node, differenceMs, code, reason }: Readonly<Record<string, string | number>>): void {
    if (typeof node !== 'string') return;
    if (name === 'refused-by-peer') this.#certificateRefusals.set(node, { reason: String(reason), atMs: Date.now() });
    if (name === 'peer-connected') this.#certificateRefusals.delete(node);
    if (name === 'peer-disconnected') this.#clocksAhead.delete(node);
    if (code === 'duplicate_connection') this.#refusedMs.set(node, Date.now());
    else if (name === 'peer-connected') this.#refusedMs.delete(node);
    if (name === 'clock-differs') this.#clocksAhead.set(node, Number(differenceMs));
  }

  health(): readonly HealthCheck[] {
    const { core, awaitedMax } = this.#parts;
    return healthChecks({
      nowMs: Date.now(),
      head: core.head,
      final: core.final,
      awaited: core.awaited,
      awaitedMax,
      core: core.metrics,
      coreHeardMs: this.#coreHeardMs,
      clockAheadMs: this.#clocks(),
      twinRefusals: this.#refusals(),
      certificate: this.#parts.network()?.stats?.certificate,
      certificateRefusals: this.#certificateRefusalsOfLate(),
      disk: this.#disk,
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sources() {
    const { core, verify, network, evidence, http } = this.#parts;
    return {
      core: core.metrics,
      head: core.head,
      final: core.final,
      awaited: core.awaited,
      verify: verify.stats,
      network: network()?.stats,
      evidence: evidence()?.status,
      access: accessFigures(http()),
      diskFreeBytes: this.#disk?.freeBytes,
      checks: this.health(),
      nowMs: Date.now(),
    };
  }

  /** Of all connected nodes: the clocks of those that are not mentioned agree. */
  #clocks(): readonly number[] | undefined {
    const peers = this.#parts.network()?.stats?.peers;
    if (peers === undefined) return undefined;
    const ahead = [...this.#clocksAhead.values()];
    return [...ahead, ...new Array<number>(Math.max(0, peers - ahead.length)).fill(0)];
  }

  #refusals(): readonly string[] {
    const sinceMs = Date.now() - REFUSAL_MS;
    return [...this.#refusedMs].filter(([, atMs]) => atMs >= sinceMs).map(([node]) => node);
  }

  #certificateRefusalsOfLate(): readonly string[] {
    const sinceMs = Date.now() - REFUSAL_MS;
    return [...this.#certificateRefusals]
      .filter(([, { atMs }]) => atMs >= sinceMs)
      .map(([node, { reason }]) => `${node}: ${reason}`);
  }

  async #lookAtDisk(): Promise<void> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#parts.dataDir);
      this.#disk = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      // A file system that does not say is no reason to complain.
      this.#disk = undefined;
    }
  }
}

function accessFigures(http: HttpServer | undefined) {
  return http === undefined ? undefined : { membersSeen: http.access.membersSeen(), sessions: http.access.sessions };
}
