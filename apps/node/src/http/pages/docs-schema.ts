/** JSON Schemas as HTML: tables of fields, with links to the types that are listed once. */
import type { JsonSchema } from '@snapscale/api';
import { escapeHtml, inlineMarkup } from './html.js';

/** Fields of an object as a table; empty when it has none. */
export function fieldsTable(schema: JsonSchema): string {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return '';
  const rows = fields.map(([name, field]) => {
    const required = schema.required?.includes(name) ?? false;
    const notes = [
      required ? '' : '<span class="opt">optional</span>',
      field.default === undefined || field.default === ''
        ? ''
        : `<span class="opt">default ${escapeHtml(JSON.stringify(field.default))}</span>`,
    ].join(' ');
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td>${typeText(field)} ${notes}</td><td>${inlineMarkup(field.description ?? '')}${nested(field)}</td></tr>`;
  });
  return `<table class="fields"><thead class="sr"><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** The type of a schema in a few words; types with a title are links. */
function typeText(schema: JsonSchema): string {
  if (schema.title !== undefined) return `<a href="#type-${schema.title}">${schema.title}</a>`;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(' or ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  switch (schema.type) {
    case 'array':
      if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeText).join(', ')}]`;
      return `list of ${typeText(schema.items ?? {})}`;
    case 'object':
      if (typeof schema.additionalProperties === 'object') return `object of ${typeText(schema.additionalProperties)}`;
      return 'object';
    case undefined:
      return 'any';
    case 'integer':
      return 'integer';
    case 'boolean':
      return 'true/false';
    default:
      return schema.type;
  }
}

/** The fields of an untitled object inside a field, folded. */
function nested(schema: JsonSchema): string {
  const inner = innerObject(schema);
  return inner === undefined ? '' : `<details><summary>fields</summary>${fieldsTable(inner)}</details>`;
}

function innerObject(schema: JsonSchema): JsonSchema | undefined {
  if (schema.title !== undefined) return undefined;
  if (schema.type === 'object' && schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return innerObject(schema.items);
  if (typeof schema.additionalProperties === 'object') return innerObject(schema.additionalProperties);
  return schema.anyOf?.map(innerObject).find((found) => found !== undefined);
}

/** What an answer looks like: its fields, or its type. */
export function responseText(schema: JsonSchema): string {
  if (schema.title !== undefined) return `<p>${typeText(schema)}</p>`;
  const inner = innerObject(schema);
  const description = schema.description === undefined ? '' : ` – ${inlineMarkup(schema.description)}`;
  if (inner === undefined) return `<p>${typeText(schema)}${description}</p>`;
  const head = inner === schema ? '' : `<p>${typeText(schema)}${description}</p>`;
  return head + fieldsTable(inner);
}

/** Every titled schema reachable from these, by title. */
export function titledTypes(roots: readonly JsonSchema[]): ReadonlyMap<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const visit = (schema: JsonSchema): void => {
    if (schema.title !== undefined) {
      if (found.has(schema.title)) return;
      found.set(schema.title, schema);
    }
    for (const part of Object.values(schema.properties ?? {})) visit(part);
    for (const part of [...(schema.anyOf ?? []), ...(schema.prefixItems ?? [])]) visit(part);
    if (schema.items !== undefined) visit(schema.items);
    if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties);
  };
  for (const root of roots) visit(root);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
