/** Chain-wide records of the state: sequence, configuration, parameters, schedule. Decoded values are cached by the
 * identity of their bytes, which works because stored values are never modified in place. */
import {
  type ChainConfig,
  chainConfigSchema,
  decode,
  encode,
  type ProducerSchedule,
  producerScheduleSchema,
  type Schema,
} from '@snapscale/protocol';
import { globalKeys } from '../state/keys.js';
import type { StateKey, StateReader } from '../state/reader.js';
import type { WorkingState } from '../state/working-state.js';

function cachedRecord<T>(key: StateKey, schema: Schema<T>) {
  const decoded = new WeakMap<Uint8Array, { readonly value: T }>();
  return (state: StateReader): T | undefined => {
    const bytes = state.get(key);
    if (bytes === undefined) return undefined;
    let record = decoded.get(bytes);
    if (record === undefined) {
      record = { value: decode(schema, bytes) };
      decoded.set(bytes, record);
    }
    return record.value;
  };
}

function required<T>(read: (state: StateReader) => T | undefined, what: string): (state: StateReader) => T {
  return (state) => {
    const value = read(state);
    if (value === undefined) throw new Error(`the state has no ${what}: genesis was not applied`);
    return value;
  };
}

/** The Antelope chain configuration in force. */
export const getChainConfig = required<ChainConfig>(
  cachedRecord(globalKeys.config, chainConfigSchema),
  'chain configuration',
);
/** The producers whose blocks are valid now. */
export const getSchedule = required<ProducerSchedule>(
  cachedRecord(globalKeys.schedule, producerScheduleSchema),
  'producer schedule',
);
/** The schedule that becomes active at the start of the next round, if one was proposed. */
export const getProposedSchedule = cachedRecord(globalKeys.proposedSchedule, producerScheduleSchema);

export function putChainConfig(state: WorkingState, config: ChainConfig): void {
  state.put(globalKeys.config, encode(chainConfigSchema, config));
}
export function putSchedule(state: WorkingState, schedule: ProducerSchedule): void {
  state.put(globalKeys.schedule, encode(producerScheduleSchema, schedule));
}
export function putProposedSchedule(state: WorkingState, schedule: ProducerSchedule | undefined): void {
  if (schedule === undefined) state.remove(globalKeys.proposedSchedule);
  else state.put(globalKeys.proposedSchedule, encode(producerScheduleSchema, schedule));
}
