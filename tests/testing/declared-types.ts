/**
 * Checks values against the interfaces that a package declares for its users: reads a `.d.ts` file and compares.
 * Understands what such files of data need: interfaces, arrays, tuples, unions, inline objects, maps, index signatures.
 */
import { readFileSync } from 'node:fs';

type Type =
  | { readonly kind: 'any' }
  | { readonly kind: 'primitive'; readonly name: string }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'reference'; readonly name: string }
  | { readonly kind: 'array'; readonly item: Type }
  | { readonly kind: 'tuple'; readonly items: readonly Type[] }
  | { readonly kind: 'union'; readonly choices: readonly Type[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Field>; readonly others: Type | undefined };

type Field = { readonly type: Type; readonly optional: boolean };

export class DeclaredTypes {
  readonly #interfaces = new Map<string, Type & { kind: 'object' }>();

  /** Reads the interfaces of declaration files; later ones may extend earlier ones. */
  constructor(...paths: readonly string[]) {
    for (const path of paths) this.#read(readFileSync(path, 'utf8'));
  }

  /** What is wrong with `value` as an `interfaceName`: one line for each place, empty when nothing is. */
  violations(interfaceName: string, value: unknown): string[] {
    const found: string[] = [];
    this.#check({ kind: 'reference', name: interfaceName }, value, interfaceName, found);
    return found;
  }

  #read(text: string): void {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
    const opening = /export interface (\w+)(?: extends (\w+))? \{/g;
    for (let match = opening.exec(code); match !== null; match = opening.exec(code)) {
      const declared = readObject(code, opening.lastIndex - 1);
      if (declared === undefined) continue;
      const { fields, others } = declared;
      const inherited = match[2] === undefined ? [] : [...(this.#interfaces.get(match[2])?.fields ?? [])];
      this.#interfaces.set(match[1]!, { kind: 'object', fields: new Map([...inherited, ...fields]), others });
    }
  }

  #check(type: Type, value: unknown, path: string, found: string[]): void {
    switch (type.kind) {
      case 'any':
        return;
      case 'primitive':
        if (value === null ? type.name !== 'null' : typeof value !== type.name) fail(path, type.name, value, found);
        return;
      case 'literal':
        return;
      case 'reference': {
        const declared = this.#interfaces.get(type.name);
        if (declared === undefined) found.push(`${path} is of the unknown type ${type.name}`);
        else this.#check(declared, value, path, found);
        return;
      }
      case 'array':
        if (!Array.isArray(value)) fail(path, 'an array', value, found);
        else for (const [i, item] of value.entries()) this.#check(type.item, item, `${path}[${i}]`, found);
        return;
      case 'tuple':
        if (!Array.isArray(value) || value.length !== type.items.length) fail(path, 'a tuple', value, found);
        else for (const [i, item] of type.items.entries()) this.#check(item, value[i], `${path}[${i}]`, found);
        return;
      case 'union': {
        const fits = type.choices.some((choice) => {
          const inside: string[] = [];
          this.#check(choice, value, path, inside);
          return inside.length === 0;
        });
        if (!fits) fail(path, 'one of several types', value, found);
        return;
      }
      case 'object':
        this.#checkObject(type, value, path, found);
    }
  }

  #checkObject(type: Type & { kind: 'object' }, value: unknown, path: string, found: string[]): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      fail(path, 'an object', value, found);
      return;
    }
    for (const [key, { type: fieldType, optional }] of type.fields) {
      const field = (value as Record<string, unknown>)[key];
      if (field === undefined) {
        if (!optional) found.push(`${path}.${key} is missing`);
      } else {
        this.#check(fieldType, field, `${path}.${key}`, found);
      }
    }
    if (type.others === undefined) return;
    for (const [key, field] of Object.entries(value)) {
      if (!type.fields.has(key)) this.#check(type.others, field, `${path}.${key}`, found);
    }
  }
}

function fail(path: string, expected: string, value: unknown, found: string[]): void {
  found.push(`${path} should be ${expected}, is ${JSON.stringify(value)?.slice(0, 60)}`);
}

class NotData extends Error {}

/** The members of an interface; undefined when it has others than data, such as methods. */
function readObject(code: string, at: number) {
  try {
    return new Parser(code, at).object();
  } catch (error) {
    if (error instanceof NotData) return undefined;
    throw error;
  }
}

/** Reads types from declarations. */
class Parser {
  readonly #code: string;
  #at: number;

  constructor(code: string, at: number) {
    this.#code = code;
    this.#at = at;
  }

  object(): { fields: Map<string, Field>; others: Type | undefined } {
    const fields = new Map<string, Field>();
    let others: Type | undefined;
    this.#expect('{');
    while (!this.#accept('}')) {
      const key = this.#token();
      if (key === '[') {
        while (this.#token() !== ']');
        this.#expect(':');
        others = this.#type();
      } else {
        const optional = this.#accept('?');
        this.#expect(':');
        fields.set(key, { type: this.#type(), optional });
      }
      this.#accept(';');
    }
    return { fields, others };
  }

  #type(): Type {
    const choices = [this.#arrayType()];
    while (this.#accept('|')) choices.push(this.#arrayType());
    return choices.length === 1 ? choices[0]! : { kind: 'union', choices };
  }

  #arrayType(): Type {
    let type = this.#simpleType();
    while (this.#accept('[')) {
      this.#expect(']');
      type = { kind: 'array', item: type };
    }
    return type;
  }

  #simpleType(): Type {
    if (this.#peek() === '{') return { kind: 'object', ...this.object() };
    const token = this.#token();
    if (token === '[') {
      const items = [this.#type()];
      while (this.#accept(',')) items.push(this.#type());
      this.#expect(']');
      return { kind: 'tuple', items };
    }
    if (token.startsWith("'")) return { kind: 'literal', text: token };
    if (token === 'any') return { kind: 'any' };
    // As JSON, a Map is an array of pairs and a Uint8Array hex text: their own business.
    if (token === 'Map' || token === 'Uint8Array') {
      if (this.#accept('<')) while (this.#token() !== '>');
      return { kind: 'any' };
    }
    if (['string', 'number', 'boolean', 'null', 'undefined'].includes(token)) return { kind: 'primitive', name: token };
    return { kind: 'reference', name: token };
  }

  #token(): string {
    const pattern = /\s*('[^']*'|\w+|.)/sy;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#code);
    if (match === null) throw new NotData('a declaration ends too early');
    this.#at = pattern.lastIndex;
    return match[1]!;
  }

  #peek(): string {
    const { length } = this.#code;
    const at = this.#at;
    const token = at < length ? this.#token() : '';
    this.#at = at;
    return token;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#token();
    return true;
  }

  #expect(token: string): void {
    const found = this.#token();
    if (found !== token) throw new NotData(`a declaration has ${found} where ${token} was expected`);
  }
}
