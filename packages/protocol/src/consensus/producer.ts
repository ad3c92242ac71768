/** Who produces blocks: the schedule, in the form of block headers and in the JSON forms of the HTTP interface. */

import { keyWeightSchema } from '../authority.js';
import { array, struct } from '../codec/composites.js';
import { FormatError } from '../codec/errors.js';
import type { Json } from '../codec/json.js';
import { publicKeySchema } from '../codec/keys.js';
import { u32, varuint32 } from '../codec/scalars.js';
import type { Schema, TypeOf } from '../codec/schema.js';
import { limits } from '../limits.js';
import { nameSchema } from '../name.js';

/** Wire type of a producer and its key. JSON keys are those of EOSIO's legacy schedule. */
export const producerKeySchema = struct(
  'producer_key',
  { name: nameSchema, key: publicKeySchema },
  { name: 'producer_name', key: 'block_signing_key' },
);

/** A producer and the key that signs its blocks. */
export type ProducerKey = TypeOf<typeof producerKeySchema>;

/** Wire type of a schedule, and its legacy JSON `{version, producers: [{producer_name, block_signing_key}]}`. */
export const producerScheduleSchema = struct('producer_schedule', {
  version: u32,
  producers: array(producerKeySchema, limits.producersMax),
});

/** Producers in their order of turns. */
export type ProducerSchedule = TypeOf<typeof producerScheduleSchema>;

/** Wire type of the list that `set_proposed_producers` takes. */
export const producerKeysSchema: Schema<readonly ProducerKey[]> = array(producerKeySchema, limits.producersMax);

const signingAuthorityV0 = struct('block_signing_authority_v0', {
  threshold: u32,
  keys: array(keyWeightSchema, limits.authorityItemsMax),
});

/** A producer whose blocks need weighted signatures (format 1 of `set_proposed_producers_ex`). */
export type ProducerAuthority = {
  readonly name: TypeOf<typeof nameSchema>;
  readonly authority: TypeOf<typeof signingAuthorityV0>;
};

/** Wire type of a producer authority: name, variant index 0, threshold, keys. */
export const producerAuthoritySchema: Schema<ProducerAuthority> = {
  name: 'producer_authority',
  sizeMin: nameSchema.sizeMin + 1 + signingAuthorityV0.sizeMin,
  sizeMax: nameSchema.sizeMax + 1 + signingAuthorityV0.sizeMax,
  write(writer, value) {
    nameSchema.write(writer, value.name);
    varuint32.write(writer, 0);
    signingAuthorityV0.write(writer, value.authority);
  },
  read(reader) {
    const name = nameSchema.read(reader);
    const index = varuint32.read(reader);
    if (index !== 0) reader.fail(`${index} is not a case of block_signing_authority`);
    return { name, authority: signingAuthorityV0.read(reader) };
  },
  toJson: (value) => ({
    producer_name: nameSchema.toJson(value.name),
    authority: [0, signingAuthorityV0.toJson(value.authority)],
  }),
  fromJson: (json) => producerAuthorityJson.fromJson(json),
};

const producerAuthorityJson = struct(
  'producer_authority',
  {
    name: nameSchema,
    authority: {
      ...signingAuthorityV0,
      fromJson: (json: Json) => signingAuthorityV0.fromJson(Array.isArray(json) ? (json[1] ?? null) : json),
    },
  },
  { name: 'producer_name' },
);

/** Wire type of the list that `set_proposed_producers_ex` takes in format 1. */
export const producerAuthoritiesSchema: Schema<readonly ProducerAuthority[]> = array(
  producerAuthoritySchema,
  limits.producersMax,
);

/** The schedule as `get_producer_schedule` shows it: each key as an authority of threshold 1. */
export function scheduleToJson(schedule: ProducerSchedule): Json {
  return {
    version: schedule.version,
    producers: schedule.producers.map((producer) =>
      producerAuthoritySchema.toJson({
        name: producer.name,
        authority: { threshold: 1, keys: [{ key: producer.key, weight: 1 }] },
      }),
    ),
  };
}

/** Reads a schedule from either JSON form; authorities must be a single key. @throws FormatError */
export function scheduleFromJson(json: Json): ProducerSchedule {
  const loose = struct('producer_schedule', {
    version: u32,
    producers: {
      ...producerKeysSchema,
      fromJson: (list: Json) => (Array.isArray(list) ? list.map(producerFromJson) : producerKeysSchema.fromJson(list)),
    },
  });
  return loose.fromJson(json);
}

function producerFromJson(json: Json): ProducerKey {
  const isAuthority = typeof json === 'object' && json !== null && 'authority' in json;
  if (!isAuthority) return producerKeySchema.fromJson(json);
  const { name, authority } = producerAuthoritySchema.fromJson(json);
  const [only, ...others] = authority.keys;
  if (only === undefined || others.length > 0) throw new FormatError('a producer must have exactly one key');
  return { name, key: only.key };
}
