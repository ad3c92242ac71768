/** One call to a contract. */

import { permissionLevelSchema } from './authority.js';
import { array, struct } from './codec/composites.js';
import { arrayFromJson, type Json } from './codec/json.js';
import { bytes, u16 } from './codec/scalars.js';
import type { Schema, TypeOf } from './codec/schema.js';
import { limits } from './limits.js';
import { nameSchema } from './name.js';

/** Wire type of an action. */
export const actionSchema = struct('action', {
  account: nameSchema,
  name: nameSchema,
  authorization: array(permissionLevelSchema, limits.authorizationsMax),
  data: bytes(limits.actionDataBytesMax),
});

/** Which contract, which of its actions, who authorises it, and the packed arguments. */
export type Action = TypeOf<typeof actionSchema>;

const extensionStruct = struct('extension', { type: u16, data: bytes(limits.extensionBytesMax) });

/** A numbered extension of a transaction, block or ABI. */
export type Extension = TypeOf<typeof extensionStruct>;

/** Wire type of an extension. JSON is `[type, hex]`; `{type, data}` is read too. */
export const extensionSchema: Schema<Extension> = {
  ...extensionStruct,
  toJson: (value) => [value.type, extensionStruct.fields.data.toJson(value.data)],
  fromJson(json: Json) {
    if (!Array.isArray(json)) return extensionStruct.fromJson(json);
    const [type = null, data = null] = arrayFromJson(json, 'extension');
    return extensionStruct.fromJson({ type, data });
  },
};

/** Wire type of a list of extensions. */
export const extensionsSchema: Schema<readonly Extension[]> = array(extensionSchema, limits.extensionsMax);
