/**
 * C++ types as clang writes them, taken apart.
 */

/** A named type with its template arguments, or an array of the language. References and constness are dropped. */
export type CppTypeName =
  | { readonly kind: 'named'; readonly name: string; readonly args: readonly CppTypeName[] }
  | { readonly kind: 'array'; readonly element: CppTypeName; readonly count: number }
  | { readonly kind: 'number'; readonly text: string };

/** Parses e.g. `const std::vector<unsigned long long> &`; undefined for what is not of this form, such as functions. */
export function parseCppType(text: string): CppTypeName | undefined {
  const tokens =
    text.replaceAll('(anonymous namespace)::', '').match(/[A-Za-z_]\w*|\d+\w*|"[^"]*"\w*|::|[<>,&*[\]()]|\S/g) ?? [];
  const parser = { tokens, at: 0 };
  const type = parseType(parser);
  return parser.at === tokens.length ? type : undefined;
}

/** A type in the form that `parseCppType` reads, with single spaces. */
export function formatCppType(type: CppTypeName): string {
  if (type.kind === 'number') return type.text;
  if (type.kind === 'array') {
    let counts = '';
    let element: CppTypeName = type;
    for (; element.kind === 'array'; element = element.element) counts += `[${element.count}]`;
    return formatCppType(element) + counts;
  }
  return type.args.length === 0 ? type.name : `${type.name}<${type.args.map(formatCppType).join(', ')}>`;
}

type Parser = { readonly tokens: readonly string[]; at: number };

const ignoredWords = new Set(['const', 'volatile', 'struct', 'class', 'enum', 'typename']);
const builtinWords = new Set([
  'unsigned',
  'signed',
  'char',
  'short',
  'int',
  'long',
  '__int128',
  'bool',
  'float',
  'double',
  'void',
]);

function parseType(parser: Parser): CppTypeName | undefined {
  const words: string[] = [];
  let type: CppTypeName | undefined;
  for (;;) {
    const token = parser.tokens[parser.at];
    if (token === undefined) break;
    if (ignoredWords.has(token)) {
      parser.at++;
    } else if (type === undefined && builtinWords.has(token)) {
      words.push(token);
      parser.at++;
    } else if (type === undefined && words.length === 0 && /^\d/.test(token)) {
      parser.at++;
      return { kind: 'number', text: token.replace(/[uUlL]+$/, '') };
    } else if (type === undefined && words.length === 0 && (/^[A-Za-z_]/.test(token) || token === '::')) {
      type = parseNamed(parser);
      if (type === undefined) return undefined;
    } else {
      break;
    }
  }
  if (words.length > 0) type = { kind: 'named', name: canonicalBuiltin(words), args: [] };
  return type && parseSuffixes(parser, type);
}

function parseNamed(parser: Parser): CppTypeName | undefined {
  let name = '';
  let args: CppTypeName[] = [];
  for (;;) {
    const token = parser.tokens[parser.at];
    if (token === '::' || (token !== undefined && /^[A-Za-z_]/.test(token) && (name === '' || name.endsWith('::')))) {
      // Arguments in the middle of a name, as of a member of a template, stay part of the name.
      if (args.length > 0) {
        name += `<${args.map(formatCppType).join(', ')}>`;
        args = [];
      }
      name += token;
      parser.at++;
    } else if (token === '<' && args.length === 0) {
      parser.at++;
      const parsed = parseArguments(parser);
      if (parsed === undefined) return undefined;
      args = parsed;
    } else {
      break;
    }
  }
  return { kind: 'named', name: name.replace(/^::/, ''), args };
}

function parseArguments(parser: Parser): CppTypeName[] | undefined {
  const args: CppTypeName[] = [];
  if (parser.tokens[parser.at] === '>') {
    parser.at++;
    return args;
  }
  for (;;) {
    args.push(parseType(parser) ?? opaqueArgument(parser));
    const token = parser.tokens[parser.at++];
    if (token === '>') return args;
    if (token !== ',') return undefined;
  }
}

/** An argument that is no type, such as `&row::by_owner` or `"accounts"_n`, as text up to the next comma or end. */
function opaqueArgument(parser: Parser): CppTypeName {
  let text = '';
  let depth = 0;
  for (; parser.at < parser.tokens.length; parser.at++) {
    const token = parser.tokens[parser.at]!;
    if (depth === 0 && (token === ',' || token === '>')) break;
    if (token === '<' || token === '(') depth++;
    if (token === '>' || token === ')') depth--;
    text += token;
  }
  return { kind: 'number', text };
}

function parseSuffixes(parser: Parser, type: CppTypeName): CppTypeName | undefined {
  let result = type;
  const counts: number[] = [];
  for (;;) {
    const token = parser.tokens[parser.at];
    if (token === '&' || token === 'const' || token === 'volatile') {
      parser.at++;
    } else if (token === '[' && parser.tokens[parser.at + 2] === ']') {
      counts.push(Number.parseInt(parser.tokens[parser.at + 1]!, 10));
      parser.at += 3;
    } else {
      break;
    }
  }
  for (const count of counts.reverse()) result = { kind: 'array', element: result, count };
  return result;
}

/** One spelling for each built-in type, whatever the order of its words. */
function canonicalBuiltin(words: readonly string[]): string {
  const has = (word: string): boolean => words.includes(word);
  const sign = has('unsigned') ? 'unsigned ' : '';
  if (has('__int128')) return `${sign}__int128`;
  if (has('char')) return has('signed') ? 'signed char' : `${sign}char`;
  if (has('short')) return `${sign}short`;
  const longs = words.filter((word) => word === 'long').length;
  if (has('double')) return longs > 0 ? 'long double' : 'double';
  if (longs > 0) return sign + Array<string>(longs).fill('long').join(' ');
  return has('bool') || has('float') || has('void') ? words[0]! : `${sign}int`;
}
