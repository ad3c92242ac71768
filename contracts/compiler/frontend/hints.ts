/** What to do about the commonest mistakes. The compiler's own words are left as they are; a hint comes beside them. */

const hints: readonly (readonly [RegExp, string])[] = [
  [/cannot use '(?:throw|try)' with exceptions disabled/, 'Contracts end with check(condition, "message") instead.'],
  [/use of (?:dynamic_cast|typeid) requires -frtti/, 'Contracts have no run-time types: use std::variant or a field.'],
  [/file not found$/, 'Quoted paths are relative to the file; "include" in snapscale.json names further folders.'],
  [
    /^undefined symbol: /,
    'It is declared, but no source defines it: is its file among the "sources" of snapscale.json?',
  ],
  [
    /which only an operating system has$/,
    'Contracts have no clock, files or chance: use current_time_point(), tables, tapos_block_prefix().',
  ],
  [
    /has no counterpart in an ABI$/,
    'Use numbers, std types, types of the SDK, or structs of these with public fields.',
  ],
  [
    /none of the sources has a class with the attribute/,
    'As: class [[snapscale::contract("NAME")]] notes : public snapscale::contract { … };',
  ],
  [
    /must be initialized by a constant expression/,
    'Names have at most 12 of the characters .12345a-z; symbols are capital letters.',
  ],
  [
    /no member named '(?:require_find|find|emplace|modify|erase)'/,
    'Tables are made as: table rows(get_self(), scope);',
  ],
  [
    /a type specifier is required for all declarations/,
    'Is the line inside of a function, and its type spelled right?',
  ],
  [
    /use of undeclared identifier '(?:check|name|asset|print|require_auth|action)'/,
    'It is in namespace snapscale: using namespace snapscale;',
  ],
  [
    /unknown type name '(?:name|asset|symbol|string|vector)'/,
    'It is in a namespace: snapscale::name, std::string, std::vector.',
  ],
];

/** A sentence that helps with a message, or undefined. */
export function hintFor(message: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(message))?.[1];
}
