/** Token amounts and their symbols. */

import { struct } from './codec/composites.js';
import { FormatError } from './codec/errors.js';
import { type Json, objectFromJson, stringFromJson } from './codec/json.js';
import type { Schema, TypeOf } from './codec/schema.js';
import { nameSchema } from './name.js';

/** An amount in the smallest unit and its symbol. */
export type Asset = {
  /** Signed, magnitude at most `assetAmountMax`. */
  readonly amount: bigint;
  /** Low byte: number of decimals (0…18). Above it: the code's letters, first letter lowest. */
  readonly symbol: bigint;
};

/** Greatest magnitude of an amount. */
export const assetAmountMax = 2n ** 62n - 1n;

const precisionMax = 18;
const codeLengthMax = 7;
const amountPattern = /^(-?)(\d+)(?:\.(\d+))?$/;

/** `1.0000 XST` → amount 10000 of symbol `4,XST`. @throws FormatError */
export function parseAsset(text: string): Asset {
  const trimmed = text.trim();
  const space = trimmed.indexOf(' ');
  if (space < 0) throw new FormatError(`asset ${quote(text)}: amount and symbol must be separated by a space`);
  const match = amountPattern.exec(trimmed.slice(0, space));
  if (match === null || space > 40) throw new FormatError(`asset ${quote(text)}: the amount is not a decimal number`);
  const [, sign, whole = '', fraction = ''] = match;
  if (fraction.length > precisionMax) throw new FormatError(`asset ${quote(text)}: more than ${precisionMax} decimals`);
  const code = parseSymbolCode(trimmed.slice(space + 1).trim());
  const magnitude = BigInt(whole + fraction);
  if (magnitude > assetAmountMax) throw new FormatError(`asset ${quote(text)}: the magnitude must be less than 2^62`);
  return { amount: sign === '-' ? -magnitude : magnitude, symbol: (code << 8n) | BigInt(fraction.length) };
}

/** The text of an asset: `1.0000 XST`, `-0.0001 XST`, `5 XST`. */
export function formatAsset(asset: Asset): string {
  const precision = symbolPrecision(asset.symbol);
  const negative = asset.amount < 0n;
  const digits = (negative ? -asset.amount : asset.amount).toString().padStart(precision + 1, '0');
  const whole = precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
  return `${negative ? '-' : ''}${whole} ${formatSymbolCode(symbolCode(asset.symbol))}`;
}

/** Number of decimals of a symbol. */
export function symbolPrecision(symbol: bigint): number {
  return Number(symbol & 0xffn);
}

/** The code of a symbol without its precision. */
export function symbolCode(symbol: bigint): bigint {
  return symbol >> 8n;
}

/** `4,XST` → symbol; the code may be empty (`0,`), as nodeos reads it. @throws FormatError */
export function parseSymbol(text: string): bigint {
  const match = /^(\d{1,2}),(.*)$/.exec(text.trim());
  if (match === null) throw new FormatError(`symbol ${quote(text)} is not of the form 4,XST`);
  const precision = Number(match[1]);
  if (precision > precisionMax) throw new FormatError(`symbol ${quote(text)}: precision exceeds ${precisionMax}`);
  return (match[2] === '' ? 0n : parseSymbolCode(match[2]!) << 8n) | BigInt(precision);
}

/** The text of a symbol: `4,XST`. */
export function formatSymbol(symbol: bigint): string {
  return `${symbolPrecision(symbol)},${formatSymbolCode(symbolCode(symbol))}`;
}

/** `XST` → code: 1 to 7 capital letters, first letter in the low byte. @throws FormatError */
export function parseSymbolCode(text: string): bigint {
  if (text.length === 0 || text.length > codeLengthMax) {
    throw new FormatError(`symbol code ${quote(text)} must have 1 to ${codeLengthMax} letters`);
  }
  let code = 0n;
  for (let i = text.length - 1; i >= 0; i--) {
    const letter = text.charCodeAt(i);
    if (letter < 65 || letter > 90) throw new FormatError(`symbol code ${quote(text)} must be capital letters`);
    code = (code << 8n) | BigInt(letter);
  }
  return code;
}

/** The text of a symbol code; bytes that are not printable (invalid codes only) show as `?`. */
export function formatSymbolCode(code: bigint): string {
  let text = '';
  for (let rest = code; rest > 0n; rest >>= 8n) {
    const letter = Number(rest & 0xffn);
    text += letter >= 32 && letter < 127 ? String.fromCharCode(letter) : '?';
  }
  return text;
}

/** Whether the code is 1 to 7 capital letters without gaps. */
export function isValidSymbolCode(code: bigint): boolean {
  if (code <= 0n || code >= 1n << 56n) return false;
  for (let rest = code; rest > 0n; rest >>= 8n) {
    const letter = rest & 0xffn;
    if (letter < 65n || letter > 90n) return false;
  }
  return true;
}

/** Whether precision and code are valid. */
export function isValidSymbol(symbol: bigint): boolean {
  return symbolPrecision(symbol) <= precisionMax && isValidSymbolCode(symbolCode(symbol));
}

/** Whether a symbol may be on the wire: as `isValidSymbol`, but the code may be empty, as default-made table rows have it. */
function isWireSymbol(symbol: bigint): boolean {
  return symbol <= BigInt(precisionMax) || isValidSymbol(symbol);
}

/** Wire type of a symbol code; letters with gaps or other characters do not decode, an empty code does. */
export const symbolCodeSchema: Schema<bigint> = {
  name: 'symbol_code',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.u64(value),
  read(reader) {
    const value = reader.u64();
    if (value !== 0n && !isValidSymbolCode(value)) reader.fail('invalid symbol code');
    return value;
  },
  toJson: formatSymbolCode,
  fromJson: (json) => (json === '' ? 0n : parseSymbolCode(stringFromJson(json, 'symbol_code'))),
};

/** Wire type of a symbol; invalid ones do not decode, an empty code does. */
export const symbolSchema: Schema<bigint> = {
  name: 'symbol',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.u64(value),
  read(reader) {
    const value = reader.u64();
    if (!isWireSymbol(value)) reader.fail('invalid symbol');
    return value;
  },
  toJson: formatSymbol,
  fromJson: (json) => parseSymbol(stringFromJson(json, 'symbol')),
};

/** Wire type of an asset: i64 amount, u64 symbol; out-of-range amounts and invalid symbols do not decode. */
export const assetSchema: Schema<Asset> = {
  name: 'asset',
  sizeMin: 16,
  sizeMax: 16,
  write(writer, value) {
    writer.i64(value.amount);
    symbolSchema.write(writer, value.symbol);
  },
  read(reader) {
    const amount = reader.i64();
    if (amount > assetAmountMax || amount < -assetAmountMax)
      reader.fail('magnitude of asset amount must be less than 2^62');
    return { amount, symbol: symbolSchema.read(reader) };
  },
  toJson: formatAsset,
  fromJson: (json) => parseAsset(stringFromJson(json, 'asset')),
};

const extendedAssetStruct = struct('extended_asset', { quantity: assetSchema, contract: nameSchema });

/** An asset together with the account of its token contract. */
export type ExtendedAsset = TypeOf<typeof extendedAssetStruct>;

/** Wire type of an extended asset; JSON may also be `[quantity, contract]`. */
export const extendedAssetSchema: Schema<ExtendedAsset> = {
  ...extendedAssetStruct,
  fromJson(json: Json) {
    if (!Array.isArray(json)) return extendedAssetStruct.fromJson(objectFromJson(json, 'extended_asset'));
    return extendedAssetStruct.fromJson({ quantity: json[0] ?? null, contract: json[1] ?? null });
  },
};

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}
