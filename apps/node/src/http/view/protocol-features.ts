/** What `get_activated_protocol_features` says of each feature beyond its digest. */
import { protocolFeatures } from '@snapscale/execution';

/** Hashes of the features' descriptions in EOSIO and Antelope; together with the dependencies they give the digests. */
const descriptionDigests: Readonly<Record<string, string>> = {
  PREACTIVATE_FEATURE: '64fe7df32e9b86be2b296b3f81dfd527f84e82b98e363bc97e40bc7a83733310',
  ONLY_LINK_TO_EXISTING_PERMISSION: 'f3c3d91c4603cde2397268bfed4e662465293aab10cd9416db0d442b8cec2949',
  REPLACE_DEFERRED: '9908b3f8413c8474ab2a6be149d3f4f6d0421d37886033f27d4759c47a26d944',
  NO_DUPLICATE_DEFERRED_ID: '45967387ee92da70171efd9fefd1ca8061b5efe6f124d269cd2468b47f1575a0',
  FIX_LINKAUTH_RESTRICTION: 'a98241c83511dc86c857221b9372b4aa7cea3aaebc567a48604e1d3db3557050',
  DISALLOW_EMPTY_PRODUCER_SCHEDULE: '2853617cec3eabd41881eb48882e6fc5e81a0db917d375057864b3befbe29acd',
  RESTRICT_ACTION_TO_SELF: 'e71b6712188391994c78d8c722c1d42c477cf091e5601b5cf1befd05721a57f3',
  ONLY_BILL_FIRST_AUTHORIZER: '2f1f13e291c79da5a2bbad259ed7c1f2d34f697ea460b14b565ac33b063b73e2',
  FORWARD_SETCODE: '898082c59f921d0042e581f00a59d5ceb8be6f1d9c7a45b6f07c0e26eaee0222',
  GET_SENDER: '1eab748b95a2e6f4d7cb42065bdee5566af8efddf01a55a0a8d831b823f8828a',
  RAM_RESTRICTIONS: '1812fdb5096fd854a4958eb9d53b43219d114de0e858ce00255bd46569ad2c68',
  WEBAUTHN_KEY: '927fdf78c51e77a899f2db938249fb1f8bb38f4e43d9c1f75b190492080cbc34',
  WTMSIG_BLOCK_SIGNATURES: 'ab76031cad7a457f4fd5f5fca97a3f03b8a635278e0416f77dcc91eb99a48e10',
  ACTION_RETURN_VALUE: '69b064c5178e2738e144ed6caa9349a3995370d78db29e494b3126ebd9111966',
  CONFIGURABLE_WASM_LIMITS2: '8139e99247b87f18ef7eae99f07f00ea3adf39ed53f4d2da3f44e6aa0bfd7c62',
  BLOCKCHAIN_PARAMETERS: '70787548dcea1a2c52c913a37f74ce99e6caae79110d7ca7b859936a0075b314',
  GET_CODE_HASH: 'd2596697fed14a0840013647b99045022ae6a885089f35a7e78da7a43ad76ed4',
  CRYPTO_PRIMITIVES: '68d6405cb8df3de95bd834ebb408196578500a9f818ff62ccc68f60b932f7d82',
  GET_BLOCK_NUM: 'e5d7992006e628a38c5e6c28dd55ff5e57ea682079bf41fef9b3cced0f46b491',
  BLS_PRIMITIVES2: 'c0cce5bcd8ea19a28d9e12eafda65ebe6d0e0177e280d4f20c7ad66dcd9e011b',
  DISABLE_DEFERRED_TRXS_STAGE_1: '440c3efaaab212c387ce967c574dc813851cf8332d041beb418dfaf55facd5a9',
  DISABLE_DEFERRED_TRXS_STAGE_2: 'a857eeb932774c511a40efb30346ec01bfb7796916b54c3c69fe7e5fb70d5cba',
};

const dependencies: Readonly<Record<string, readonly string[]>> = {
  NO_DUPLICATE_DEFERRED_ID: ['REPLACE_DEFERRED'],
  DISABLE_DEFERRED_TRXS_STAGE_2: ['DISABLE_DEFERRED_TRXS_STAGE_1'],
};

const digestOf = new Map(protocolFeatures.map(({ name, digest }) => [name, digest]));
const unknownDescription = '0'.repeat(64);

/** A feature as the HTTP interface shows it. */
export type ActivatedFeature = {
  readonly feature_digest: string;
  readonly activation_ordinal: number;
  readonly activation_block_num: number;
  readonly description_digest: string;
  readonly dependencies: readonly string[];
  readonly protocol_feature_type: string;
  readonly specification: readonly { readonly name: string; readonly value: string }[];
};

/** All features in the order of their ordinals. All are active from block 1. */
export const activatedFeatures: readonly ActivatedFeature[] = protocolFeatures.map(({ name, digest }, ordinal) => ({
  feature_digest: digest,
  activation_ordinal: ordinal,
  activation_block_num: 1,
  description_digest: descriptionDigests[name] ?? unknownDescription,
  dependencies: (dependencies[name] ?? []).map((dependency) => digestOf.get(dependency) ?? unknownDescription),
  protocol_feature_type: 'builtin',
  specification: [{ name: 'builtin_feature_codename', value: name }],
}));
