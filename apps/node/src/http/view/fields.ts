/** Names and keys in requests, with the errors that nodeos gives for them. */
import { CryptoError, type PublicKey, parsePublicKey } from '@snapscale/crypto';
import { FormatError, type Name, parseName, parseSymbol, parseSymbolCode, reject } from '@snapscale/protocol';

/** A name. Rejects with `name_type_exception`. */
export function nameOf(text: string): Name {
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof FormatError)
      return reject('name_type_exception', `Name not properly normalized: ${error.message}`);
    throw error;
  }
}

/** A public key in any of its text forms. Rejects with `public_key_type_exception`. */
export function publicKeyOf(text: string): PublicKey {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return reject(
      'public_key_type_exception',
      `invalid public key ${JSON.stringify(text.slice(0, 80))}: ${error.message}`,
    );
  }
}

/** A symbol as `4,XST`, or only its code as `XST`. Rejects with `symbol_type_exception`. */
export function symbolOf(text: string, form: 'symbol' | 'code'): bigint {
  try {
    return form === 'symbol' ? parseSymbol(text) : parseSymbolCode(text.toUpperCase());
  } catch (error) {
    if (error instanceof FormatError) return reject('symbol_type_exception', error.message);
    throw error;
  }
}
