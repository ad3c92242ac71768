/** Text laid out for reading: aligned fields, tables, and JSON values as indented lines. */
import { printable, type Style, widthOf } from './style.js';

/** A JSON value, as answers of the node hold them. */
export type Value = unknown;

/** Lines of `label  value`, values aligned. Fields without a value are left out. */
export function fields(
  entries: readonly (readonly [label: string, value: string | undefined])[],
  style: Style,
  indent = '',
): string[] {
  const shown = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const width = Math.max(0, ...shown.map(([label]) => widthOf(label)));
  return shown.flatMap(([label, value]) => {
    const [first = '', ...rest] = value.split('\n');
    const margin = `${indent}${' '.repeat(width)}  `;
    return [`${indent}${style.dim(pad(label, width))}  ${first}`.trimEnd(), ...rest.map((line) => margin + line)];
  });
}

/** How a column of a table stands. */
export type Column = { readonly title: string; readonly right?: boolean };

/** Lines of a table with a head. Cells may hold marks; they must be single lines. Titles may be words of the chain. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string[] {
  const titles = columns.map(({ title }) => headText(title));
  const widths = titles.map((title, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right }, index) => (right === true ? padLeft : pad)(cells[index] ?? '', widths[index]!))
      .join('  ')
      .trimEnd();
  return [style.dim(line(titles)), ...rows.map(line)];
}

function headText(title: string): string {
  return printable(title).replaceAll('\n', '\\n');
}

/** Text filled with blanks to a width. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Whether a value fits into a cell. */
function isScalar(value: Value): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** A value without structure as text; strings without quotes. */
export function scalar(value: Value): string {
  if (value === null || value === undefined) return '';
  if (value === '') return '""';
  return printable(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '\\n');
}

/** A JSON value on one line, as people would write it: `{from: alice, to: bob}`. */
export function inline(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, part]) => `${printable(key)}: ${inline(part)}`)
      .join(', ')}}`;
  }
  return value === null ? 'null' : scalar(value);
}

/** Lists of plain values up to this length stay on one line. */
const LINE_LIST_MAX = 100;

/** A JSON value as indented lines `key: value`. */
export function outline(value: Value, style: Style, indent = ''): string[] {
  const line = oneLine(value, style);
  if (line !== undefined) return [indent + line];
  if (Array.isArray(value)) return value.flatMap((item) => listItem(item, style, indent));
  const entries = Object.entries(value as Record<string, Value>)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => ({ label: printable(key), part, line: oneLine(part, style) }));
  const width = Math.max(0, ...entries.filter(({ line }) => line !== undefined).map(({ label }) => widthOf(label)));
  return entries.flatMap(({ label, part, line }) =>
    line !== undefined
      ? [`${indent}${style.dim(pad(label, width))}  ${line}`.trimEnd()]
      : [`${indent}${style.dim(label)}`, ...outline(part, style, `${indent}  `)],
  );
}

function listItem(item: Value, style: Style, indent: string): string[] {
  const [first = '', ...rest] = outline(item, style, '');
  return [`${indent}${style.dim('-')} ${first}`, ...rest.map((line) => `${indent}  ${line}`)];
}

/** The value on one line, when it is plain, empty, or a short list of plain values. */
function oneLine(value: Value, style: Style): string | undefined {
  if (value === null || isEmpty(value)) return style.dim('none');
  if (isScalar(value)) return scalar(value);
  const isPlainList = Array.isArray(value) && value.every(isScalar);
  if (!isPlainList) return undefined;
  const text = value.map(scalar).join(', ');
  return text.length <= LINE_LIST_MAX ? text : undefined;
}

function isEmpty(value: Value): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/**
 * Rows of a table for reading: a table where all have the same plain fields and it fits into the width, otherwise one
 * block of lines for each row.
 */
export function records(rows: readonly Value[], style: Style, columnsMax: number): string[] {
  const titles = plainFields(rows);
  if (titles !== undefined) {
    const isNumber = (title: string) =>
      rows.every((row) => /^-?\d+(\.\d+)?( [A-Z]{1,7})?$/.test(scalar((row as Record<string, Value>)[title])));
    const cells = rows.map((row) => titles.map((title) => scalar((row as Record<string, Value>)[title])));
    const lines = table(
      titles.map((title) => ({ title, right: isNumber(title) })),
      cells,
      style,
    );
    if (lines.every((line) => widthOf(line) <= columnsMax)) return lines;
  }
  return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...outline(row, style)]);
}

/** A column is not made narrower than this. */
const COLUMN_MIN = 8;

/**
 * Rows of a table as a table whatever they hold: values with parts stand on one line, and the widest columns are clipped
 * until all fit. Where even that is too wide, one block of lines for each row.
 */
export function fittedTable(rows: readonly Value[], style: Style, columnsMax: number): string[] {
  const objects = rows.filter((row): row is Record<string, Value> => typeof row === 'object' && row !== null);
  const titles = [...new Set(objects.flatMap((row) => Object.keys(row)))];
  const widths = titles.map((title) =>
    Math.max(widthOf(headText(title)), ...objects.map((row) => widthOf(cellText(row[title])))),
  );
  const total = () => widths.reduce((sum, width) => sum + width + 2, -2);
  while (total() > columnsMax) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= COLUMN_MIN) break;
    widths[widest]! -= 1;
  }
  const fits = objects.length === rows.length && titles.length > 0 && total() <= columnsMax;
  if (!fits) return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...outline(row, style)]);
  const isNumber = (title: string) =>
    objects.every((row) => /^-?\d+(\.\d+)?( [A-Z]{1,7})?$/.test(cellText(row[title])));
  return table(
    titles.map((title, index) => ({ title: clippedTo(headText(title), widths[index]!), right: isNumber(title) })),
    objects.map((row) => titles.map((title, index) => clippedTo(cellText(row[title]), widths[index]!))),
    style,
  );
}

function cellText(value: Value): string {
  return isScalar(value) || value === undefined ? scalar(value) : inline(value).replaceAll('\n', '\\n');
}

function clippedTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) >= width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Names of the fields, when all rows are objects of the same plain fields. */
function plainFields(rows: readonly Value[]): string[] | undefined {
  const [first] = rows;
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return undefined;
  const titles = Object.keys(first);
  if (titles.length === 0) return undefined;
  const alike = rows.every((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return false;
    const values = Object.values(row as Record<string, Value>);
    return Object.keys(row).join() === titles.join() && values.every(isScalar);
  });
  return alike ? titles : undefined;
}

/** `1 row`, `2 rows`. */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 || count === 1n ? one : many}`;
}

/** `512 bytes`, `13.9 KiB`, `1.50 MiB`. */
export function bytesText(bytes: number | bigint): string {
  const size = Number(bytes);
  const magnitude = Math.abs(size);
  if (magnitude < 1024) return counted(size, 'byte');
  const [unit, value] = magnitude < 1024 * 1024 ? ['KiB', size / 1024] : ['MiB', size / 1024 / 1024];
  return `${Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1)} ${unit}`;
}
