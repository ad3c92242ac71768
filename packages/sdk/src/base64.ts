/** Base64 as the node sends it: with or without padding. */

/** @throws SyntaxError or DOMException for other characters */
export function bytesFromBase64(text: string): Uint8Array {
  const binary = atob(text.replace(/=+$/, ''));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
