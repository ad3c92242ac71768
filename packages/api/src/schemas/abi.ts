/** An ABI as JSON. */
import { bigInteger, integer, list, optional, record, text } from '../schema.js';

/** The description of a contract's actions and tables. */
export const abi = record(
  {
    version: text('`eosio::abi/1.x`.'),
    types: list(record({ new_type_name: text('Alias.'), type: text('What it stands for.') }), 'Aliases.'),
    structs: list(
      record({
        name: text('Type name.'),
        base: text('Struct whose fields come first, or empty.'),
        fields: list(record({ name: text('Field.'), type: text('Its type.') }), 'Fields in order.'),
      }),
      'Structs.',
    ),
    actions: list(
      record({ name: text('Action.'), type: text('Type of its data.'), ricardian_contract: text('Terms in words.') }),
      'Actions.',
    ),
    tables: list(
      record({
        name: text('Table.'),
        index_type: text('`i64`.'),
        key_names: list(text('Name of a key.')),
        key_types: list(text('Type of a key.')),
        type: text('Type of a row.'),
      }),
      'Tables.',
    ),
    ricardian_clauses: list(record({ id: text('Clause.'), body: text('Its words.') }), 'Clauses.'),
    error_messages: list(
      record({ error_code: bigInteger('Code.'), error_msg: text('Its words.') }),
      'Messages of numbered errors.',
    ),
    abi_extensions: list(record({ tag: integer('Tag.'), value: text('Bytes in hex.') }), 'Extensions.'),
    variants: optional(list(record({ name: text('Type name.'), types: list(text('Case.')) }), 'Variants.')),
    action_results: optional(
      list(record({ name: text('Action.'), result_type: text('Type of what it returns.') }), 'Return types.'),
    ),
  },
  { title: 'Abi' },
);
