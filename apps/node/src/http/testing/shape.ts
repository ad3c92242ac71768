/** Comparing answers with the recorded shapes in vectors/api. For tests. */
import { readFileSync } from 'node:fs';

/** A recorded shape, see its `about`. */
export type RecordedShape = {
  readonly endpoint: string;
  /** Paths that only our answers have. */
  readonly ours: readonly string[];
  readonly shape: unknown;
};

/** Reads `vectors/api/<name>.json`. */
export function recordedShape(name: string): RecordedShape {
  const url = new URL(`../../../../../vectors/api/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as RecordedShape;
}

/** What differs between a value and a recorded shape; empty when nothing does. */
export function shapeDifferences({ shape, ours }: RecordedShape, value: unknown): string[] {
  return compare(shape, value, '').filter((difference) => !ours.some((path) => difference === `${path}: not recorded`));
}

function compare(shape: unknown, value: unknown, path: string): string[] {
  if (typeof shape === 'string') {
    return shape === 'any' || shape.split('|').includes(kindOf(value))
      ? []
      : [`${path}: ${kindOf(value)}, not ${shape}`];
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, index) => compare(shape[0], item, `${path}[${index}]`));
  }
  const fields = shape as Readonly<Record<string, unknown>>;
  if (Array.isArray(fields.tuple)) {
    if (!Array.isArray(value) || value.length !== fields.tuple.length)
      return [`${path}: not a list of ${fields.tuple.length}`];
    return fields.tuple.flatMap((item, index) => compare(item, value[index], `${path}[${index}]`));
  }
  if (kindOf(value) !== 'object') return [`${path}: ${kindOf(value)}, not an object`];
  const found = value as Readonly<Record<string, unknown>>;
  const differences: string[] = [];
  for (const [key, inner] of Object.entries(fields)) {
    const name = key.replace(/\?$/, '');
    if (Object.hasOwn(found, name)) differences.push(...compare(inner, found[name], join(path, name)));
    else if (name === key) differences.push(`${join(path, name)}: missing`);
  }
  for (const key of Object.keys(found)) {
    if (!Object.hasOwn(fields, key) && !Object.hasOwn(fields, `${key}?`))
      differences.push(`${join(path, key)}: not recorded`);
  }
  return differences;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
