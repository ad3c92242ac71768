/** Public keys as the program shows them, whatever form the node gives. */

/** A function that turns `EOS…` into `PUB_K1_…`. Loaded only by commands that show keys. */
export async function keyText(): Promise<(key: string) => string> {
  const { formatPublicKey, parsePublicKey } = await import('@snapscale/crypto');
  return (key) => formatPublicKey(parsePublicKey(key));
}
