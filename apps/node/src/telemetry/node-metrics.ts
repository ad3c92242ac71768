/** The node's figures in the text format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CoreSamples } from '../core/core-metrics.js';
import {
  accessTotal,
  type MetricSources,
  type ReadMetric,
  readMetrics,
  requestSeconds,
  sampledMetrics,
  submissionsTotal,
} from './catalogue.js';

export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #sources: () => MetricSources;
  readonly #sampled = new Map<keyof CoreSamples, Histogram>();
  /** Values of the exposition that is being made. */
  #current: MetricSources | undefined;
  /** Seconds that requests took, by route and status. */
  readonly requests: Histogram<'route' | 'status'>;
  /** Requests at the HTTP doors, by outcome. */
  readonly access: Counter<'door' | 'outcome'>;
  /** Replies of transactions, by outcome. */
  readonly submissions: Counter<'outcome'>;

  /** @param sources called once for each exposition */
  constructor(sources: () => MetricSources) {
    const registers = [this.#registry];
    this.#sources = sources;
    collectDefaultMetrics({ register: this.#registry });
    for (const declaration of readMetrics) this.#declare(declaration);
    for (const { name, help, samples, buckets } of sampledMetrics) {
      this.#sampled.set(samples, new Histogram({ name, help, buckets: [...buckets], registers }));
    }
    const { labels, buckets, ...requests } = requestSeconds;
    this.requests = new Histogram({ ...requests, labelNames: labels, buckets: [...buckets], registers });
    const counter = <Label extends string>({
      labels,
      ...described
    }: {
      name: string;
      help: string;
      labels: readonly Label[];
    }) => new Counter<Label>({ ...described, labelNames: [...labels], registers });
    this.access = counter(accessTotal);
    this.submissions = counter(submissionsTotal);
  }

  /** Takes the core's samples of the last second. */
  observe(samples: CoreSamples): void {
    for (const [kind, histogram] of this.#sampled) for (const seconds of samples[kind]) histogram.observe(seconds);
  }

  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#current = this.#sources();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #declare({ kind, name, help, labels, read }: ReadMetric): void {
    const readings = () => (this.#current === undefined ? [] : read(this.#current));
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    const withLabels = (values: readonly string[]) =>
      Object.fromEntries(values.map((value, index) => [labels[index]!, value]));
    if (kind === 'gauge') {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          // Without labels a reset sets zero, which would be a claim.
          if (labels.length === 0) this.remove();
          for (const [value, ...values] of readings()) this.set(withLabels(values), value);
        },
      });
      return;
    }
    // A counter that is counted elsewhere.
    new Counter({
      ...options,
      collect() {
        this.reset();
        for (const [value, ...values] of readings()) this.inc(withLabels(values), value);
      },
    });
  }
}
