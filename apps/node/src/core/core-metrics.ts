/** Figures of the core worker, sent to the main thread once a second. All counters are totals since start. */
export type CoreMetrics = {
  readonly blocks: number;
  readonly transactions: number;
  readonly transactionsFailed: number;
  readonly slotsMissed: number;
  readonly waiting: number;
  readonly reversible: number;
  /** Seconds spent executing, closing blocks and making them durable. */
  readonly executeSeconds: number;
  readonly closeSeconds: number;
  readonly persistSeconds: number;
  readonly heapBytes: number;
};
