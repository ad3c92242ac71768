/**
 * An invitation as one printable word: `ORGANISATION~SECRET~URL`, with the addresses of nodes to connect to as a fourth part
 * where the invited one is to run a node. No part of it is changed by a shell.
 */

/** What a code says. */
export type InvitationCode = {
  /** Account of the organisation whose CA gave it. */
  readonly organisation: string;
  /** Base32 without padding (RFC 4648), for the CA alone to understand. */
  readonly secret: string;
  /** Address of the CA. */
  readonly url: string;
  /** `host:port` of nodes. */
  readonly peers: readonly string[];
};

/** Longer texts are no codes. */
const CODE_LENGTH_MAX = 1024;
const form = /^([a-z1-5.]{1,12})~([A-Z2-7]{16,64})~(https?:\/\/[^\s~/]+(?:\/[^\s~]*)?)(?:~([^\s~]+))?$/;
const peerForm = /^(?:\[[\da-f:]+\]|[^:\s,]+):\d{1,5}$/i;

/** The code as it is printed and handed over. */
export function formatInvitationCode({ organisation, secret, url, peers }: InvitationCode): string {
  const parts = [organisation, secret, url.replace(/\/+$/, ''), ...(peers.length > 0 ? [peers.join(',')] : [])];
  return parts.join('~');
}

/** Reads a code; blanks around it do not matter. Undefined when it is none. */
export function parseInvitationCode(text: string): InvitationCode | undefined {
  if (text.length > CODE_LENGTH_MAX) return undefined;
  const [, organisation, secret, url, list] = form.exec(text.trim()) ?? [];
  if (organisation === undefined || secret === undefined || url === undefined || !URL.canParse(url)) return undefined;
  const peers = list === undefined ? [] : list.split(',');
  if (!peers.every((peer) => peerForm.test(peer))) return undefined;
  return { organisation, secret, url: url.replace(/\/+$/, ''), peers };
}
