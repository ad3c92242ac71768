/**
 * Producers publish the round-trip times that they measure to each other (`eosio::setlatency`): the contract orders the
 * next schedule by them. A producer's node is found among the peers by its name, which is that of the producer's account.
 */
import { getRow, type StateReader, tableId } from '@snapscale/execution';
import { formatName, type JsonObject, type Name, name, names } from '@snapscale/protocol';
import { keyHolding, type OwnTransactions, sendActions } from '../own-transactions.js';
import { systemAction, systemRow } from './accusation.js';

/** Milliseconds by the name of the node. */
export type RoundTrips = Readonly<Record<string, number>>;

/** Measurements settle before the first report. */
const LOOK_MS = 60_000;
/** A change that is worth a transaction: by this part of what was published, and by so much at least. */
const CHANGE_SHARE = 0.25;
const CHANGE_MS = 2;
/** What the contract takes. */
const ROUND_TRIP_US_MAX = 10_000_000;

/** Publishes for this node's producers when something has changed, until the signal aborts. */
export async function publishRoundTrips(
  context: OwnTransactions,
  measured: () => RoundTrips,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await context.wait(LOOK_MS, signal);
    if (signal.aborted) return;
    const roundTrips = measured();
    for (const account of context.producers) if (account !== names.eosio) await publish(context, account, roundTrips);
  }
}

/** Publishes once for one producer, if there is something new. */
async function publish(context: OwnTransactions, account: Name, measured: RoundTrips): Promise<void> {
  const state = context.headState();
  const current = toProducers(state, account, measured);
  if (current.length === 0 || !isProducer(state, account)) return;
  if (!isNews(current, published(state, account))) return;
  const privateKey = keyHolding(context.keys, state, account, names.active);
  if (privateKey === undefined) return;
  const data = {
    producer: formatName(account),
    round_trips: current.map(([producer, ms]) => ({
      producer: formatName(producer),
      round_trip_us: Math.min(ROUND_TRIP_US_MAX, Math.max(1, Math.round(ms * 1000))),
    })),
  };
  const action = systemAction(state, 'setlatency', data, account, names.active);
  const rejection = action && (await sendActions(context, [action], privateKey));
  if (rejection !== undefined) {
    context.notice('warn', { producer: formatName(account), ...rejection }, 'round-trip times could not be published');
  }
}

/** Those of other registered producers, sorted by name. */
function toProducers(state: StateReader, own: Name, measured: RoundTrips): (readonly [Name, number])[] {
  return Object.entries(measured)
    .filter(([node]) => ACCOUNT_NAME.test(node))
    .map(([node, ms]) => [name(node), ms] as const)
    .filter(([producer]) => producer !== own && isProducer(state, producer))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function isProducer(state: StateReader, account: Name): boolean {
  return getRow(state, producersTable, account) !== undefined;
}

const producersTable = tableId(names.eosio, names.eosio, name('producers'));

/** Nodes may have other names than accounts. */
const ACCOUNT_NAME = /^[a-z1-5.]{0,11}[a-z1-5]$/;

function published(state: StateReader, account: Name): ReadonlyMap<string, number> {
  const row = systemRow(state, 'latencies', account);
  const roundTrips = (row?.round_trips ?? []) as readonly JsonObject[];
  return new Map(
    roundTrips.map(({ producer, round_trip_us }) => [String(producer), Number(round_trip_us) / 1000] as const),
  );
}

function isNews(current: readonly (readonly [Name, number])[], known: ReadonlyMap<string, number>): boolean {
  return current.some(([producer, ms]) => {
    const before = known.get(formatName(producer));
    return before === undefined || Math.abs(ms - before) > Math.max(CHANGE_MS, before * CHANGE_SHARE);
  });
}
