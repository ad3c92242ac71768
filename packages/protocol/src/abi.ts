/** The description of a contract's types: its binary and JSON forms. What it does with data is in abi/. */
import { extensionsSchema } from './action.js';
import { array, defaulted, struct } from './codec/composites.js';
import { EncodeError } from './codec/errors.js';
import type { Json, JsonObject } from './codec/json.js';
import { Reader } from './codec/reader.js';
import { string, u64 } from './codec/scalars.js';
import type { Schema, TypeOf } from './codec/schema.js';
import { limits } from './limits.js';
import { nameSchema } from './name.js';

const text = string(limits.abiBytesMax);
const list = <T>(item: Schema<T>) => defaulted(array(item, limits.abiItemsMax), []);

const typeDefSchema = struct('type_def', { newTypeName: text, type: text });
const fieldDefSchema = struct('field_def', { name: text, type: text });
const structDefSchema = struct('struct_def', { name: text, base: defaulted(text, ''), fields: list(fieldDefSchema) });
const actionDefSchema = struct('action_def', { name: nameSchema, type: text, ricardianContract: defaulted(text, '') });
const tableDefSchema = struct('table_def', {
  name: nameSchema,
  indexType: defaulted(text, ''),
  keyNames: list(text),
  keyTypes: list(text),
  type: text,
});
const clauseSchema = struct('clause_pair', { id: text, body: text });
const errorMessageSchema = struct('error_message', { errorCode: u64, errorMsg: text });
const variantDefSchema = struct('variant_def', { name: text, types: list(text) });
const actionResultDefSchema = struct('action_result_def', { name: nameSchema, resultType: text });

const abiHead = struct('abi_def', {
  version: text,
  types: list(typeDefSchema),
  structs: list(structDefSchema),
  actions: list(actionDefSchema),
  tables: list(tableDefSchema),
  ricardianClauses: list(clauseSchema),
  errorMessages: list(errorMessageSchema),
  abiExtensions: defaulted(extensionsSchema, []),
});
const variantsSchema = list(variantDefSchema);
const actionResultsSchema = list(actionResultDefSchema);

/** `newTypeName` is another name of `type`. */
export type AbiTypeDef = TypeOf<typeof typeDefSchema>;
/** A field of a struct. */
export type AbiFieldDef = TypeOf<typeof fieldDefSchema>;
/** A struct: the fields of `base` (may be empty), then its own. */
export type AbiStructDef = TypeOf<typeof structDefSchema>;
/** The type of an action's arguments. */
export type AbiActionDef = TypeOf<typeof actionDefSchema>;
/** The type of a table's rows. */
export type AbiTableDef = TypeOf<typeof tableDefSchema>;
/** A type that is one of several. */
export type AbiVariantDef = TypeOf<typeof variantDefSchema>;
/** The type of what an action returns. */
export type AbiActionResultDef = TypeOf<typeof actionResultDefSchema>;

/** A contract's description. `variants` (1.1) and `actionResults` (1.2) are missing when the binary form ended before them. */
export type Abi = TypeOf<typeof abiHead> & {
  readonly variants?: readonly AbiVariantDef[] | undefined;
  readonly actionResults?: readonly AbiActionResultDef[] | undefined;
};

/** Wire type of an ABI. The last two lists are written only when present. */
export const abiSchema: Schema<Abi> = {
  name: 'abi_def',
  sizeMin: abiHead.sizeMin,
  sizeMax: limits.abiBytesMax,
  write(writer, value) {
    abiHead.write(writer, value);
    if (value.variants !== undefined) variantsSchema.write(writer, value.variants);
    if (value.actionResults === undefined) return;
    if (value.variants === undefined) throw new EncodeError('an ABI with action results needs variants, be they empty');
    actionResultsSchema.write(writer, value.actionResults);
  },
  read(reader) {
    if (reader.remaining > limits.abiBytesMax) reader.fail(`an ABI may have at most ${limits.abiBytesMax} bytes`);
    const head = abiHead.read(reader);
    const variants = reader.remaining > 0 ? variantsSchema.read(reader) : undefined;
    const actionResults = reader.remaining > 0 ? actionResultsSchema.read(reader) : undefined;
    return { ...head, variants, actionResults };
  },
  toJson: formatAbi,
  fromJson: parseAbi,
};

/**
 * Decodes the binary form as an account holds it. What follows the known lists (from newer compilers) is ignored, as nodeos
 * does; `decode(abiSchema, …)` refuses it.
 * @throws DecodeError
 */
export function decodeAbi(bytes: Uint8Array): Abi {
  return abiSchema.read(new Reader(bytes));
}

/** Reads the JSON form. Missing lists are empty. @throws FormatError */
export function parseAbi(json: Json): Abi {
  const head = abiHead.fromJson(json);
  const { variants, action_results: actionResults } = json as JsonObject;
  return {
    ...head,
    variants: variants == null && actionResults == null ? undefined : variantsSchema.fromJson(variants ?? []),
    actionResults: actionResults == null ? undefined : actionResultsSchema.fromJson(actionResults),
  };
}

/** The JSON form, with every list (empty ones included), as `get_abi` shows it. */
export function formatAbi(abi: Abi): Json {
  return {
    ...(abiHead.toJson(abi) as JsonObject),
    variants: variantsSchema.toJson(abi.variants ?? []),
    action_results: actionResultsSchema.toJson(abi.actionResults ?? []),
  };
}
