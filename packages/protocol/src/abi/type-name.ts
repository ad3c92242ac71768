/** The suffixes of type names: `T[]` array, `T[4]` array of fixed length, `T?` optional, `T$` binary extension. */

/** The item type of `T[]`. */
export function arrayOf(type: string): string | undefined {
  return type.endsWith('[]') ? type.slice(0, -2) : undefined;
}

const sizedPattern = /\[(\d{1,9})\]$/;

/** The item type and length of `T[N]`. */
export function sizedArrayOf(type: string): { readonly item: string; readonly count: number } | undefined {
  if (!type.endsWith(']')) return undefined;
  const match = sizedPattern.exec(type.slice(-11));
  if (match === null) return undefined;
  return { item: type.slice(0, -match[0].length), count: Number(match[1]) };
}

/** The type inside `T?`. */
export function optionalOf(type: string): string | undefined {
  return type.endsWith('?') ? type.slice(0, -1) : undefined;
}

/** Whether a field may be missing at the end of the data. */
export function isExtension(type: string): boolean {
  return type.endsWith('$');
}

/** `T$` → `T`; others unchanged. */
export function withoutExtension(type: string): string {
  return isExtension(type) ? type.slice(0, -1) : type;
}

/** At most 64 characters of a name that a contract chose, for messages. */
export function clip(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 55)}...${text.slice(-6)}`;
}
