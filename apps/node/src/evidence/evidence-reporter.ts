/**
 * Reports to the system contract whoever this node has caught cheating, from the account of one of its producers.
 *
 * Every node sees the same evidence, and the contract takes it once: so each waits a random while, looks whether another one
 * has been faster, and is content only with what is final.
 */
import type { Evidence } from '@snapscale/consensus';
import type { PrivateKey } from '@snapscale/crypto';
import { getLink, type StateReader } from '@snapscale/execution';
import { formatName, type Name, name, names } from '@snapscale/protocol';
import { keyHolding, type OwnTransactions, sendActions } from '../own-transactions.js';
import { type Accusation, accusationOf, isSettled, reportAction } from './accusation.js';
import { evidenceActions, evidencePermission } from './permission.js';

/** What became of the cases so far. */
export type ReporterStatus = { readonly open: number; readonly settled: number; readonly givenUp: number };

/** Longest wait before the first look, so that not all nodes report at once. */
const FIRST_WAIT_MS = 3_000;
/** Pause after an attempt, doubled each time up to the longest. */
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 60_000;
const ATTEMPTS_MAX = 12;
/** Cases at a time: there is one per cheat, and producers are few. */
const CASES_MAX = 128;

export class EvidenceReporter {
  readonly #context: OwnTransactions;
  readonly #random: () => number;
  readonly #accused = new Set<Name>();
  readonly #stop = new AbortController();
  #settled = 0;
  #givenUp = 0;

  /** @param random 0 ≤ x < 1 */
  constructor(context: OwnTransactions, random: () => number) {
    this.#context = context;
    this.#random = random;
  }

  get status(): ReporterStatus {
    return { open: this.#accused.size, settled: this.#settled, givenUp: this.#givenUp };
  }

  /** Takes up a case. Resolves when it is closed; nobody has to wait for that. */
  async report(evidence: Evidence): Promise<void> {
    const accusation = accusationOf(evidence, this.#context.headState());
    if (accusation === undefined) {
      this.#note('warn', { kind: evidence.kind }, 'evidence is about a finalizer key that no producer has registered');
      return;
    }
    const { accused } = accusation;
    // One proof suffices to jail an account.
    if (this.#stop.signal.aborted || this.#accused.has(accused) || this.#accused.size >= CASES_MAX) return;
    this.#accused.add(accused);
    this.#note('warn', detailOf(accusation), 'a producer has been caught cheating');
    try {
      await this.#pursue(accusation);
    } finally {
      this.#accused.delete(accused);
    }
  }

  /** Gives up what is open: others have seen it too. */
  close(): void {
    this.#stop.abort();
  }

  async #pursue(accusation: Accusation): Promise<void> {
    await this.#wait(Math.floor(this.#random() * FIRST_WAIT_MS));
    let attempts = 0;
    let pauseMs = PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      if (isSettled(accusation, this.#context.finalState())) {
        this.#settled++;
        this.#note('warn', detailOf(accusation), 'the cheat is jailed, or was judged before; that is final');
        return;
      }
      // What is settled in the newest block only may be undone yet, so that the case stays open; nothing is sent.
      if (!isSettled(accusation, this.#context.headState())) {
        if (attempts === ATTEMPTS_MAX) break;
        attempts++;
        if (!(await this.#attempt(accusation))) return;
      }
      await this.#wait(pauseMs);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
    }
    if (this.#stop.signal.aborted) return;
    this.#givenUp++;
    this.#note(
      'error',
      { ...detailOf(accusation), attempts },
      'evidence could not be reported; other nodes have it too',
    );
  }

  /** Returns false if there is nothing that this node could do. */
  async #attempt(accusation: Accusation): Promise<boolean> {
    const state = this.#context.headState();
    const by = this.#reporterFor(accusation.accused, state);
    const action = by && reportAction(accusation, state, by);
    if (by === undefined || action === undefined) {
      this.#note('info', detailOf(accusation), 'this node has no account to report with: others will');
      return false;
    }
    const rejection = await sendActions(this.#context, [action], by.privateKey);
    const detail = { ...detailOf(accusation), reporter: formatName(by.account) };
    if (rejection === undefined) this.#note('warn', detail, 'evidence has been reported');
    else this.#note('info', { ...detail, ...rejection }, 'evidence was not accepted');
    return true;
  }

  /** Of this node's producers, one whose keys are here; not the accused, who would accuse itself. */
  #reporterFor(accused: Name, state: StateReader): Reporter | undefined {
    const { producers, keys } = this.#context;
    for (const account of producers) {
      if (account === accused) continue;
      const isLinked = evidenceActions.every(
        (action) => getLink(state, account, names.eosio, name(action)) === evidencePermission,
      );
      for (const permission of isLinked ? [evidencePermission, names.active] : [names.active]) {
        const privateKey = keyHolding(keys, state, account, permission);
        if (privateKey !== undefined) return { account, permission, privateKey };
      }
    }
    return undefined;
  }

  #wait(delayMs: number): Promise<void> {
    return this.#context.wait(delayMs, this.#stop.signal);
  }

  #note(level: 'info' | 'warn' | 'error', detail: Readonly<Record<string, unknown>>, message: string): void {
    this.#context.notice(level, detail, message);
  }
}

type Reporter = { readonly account: Name; readonly permission: Name; readonly privateKey: PrivateKey };

function detailOf({ accused, slot, evidence }: Accusation): Readonly<Record<string, unknown>> {
  return { producer: formatName(accused), slot, proof: evidence.kind === 'production' ? 'two blocks' : 'two votes' };
}
