/** Applications and invitations, and the events that they are made of. */
import type { PublicKey } from '@snapscale/crypto';

/** What a certificate is to say. */
export type Grant = {
  /** As in certificates. */
  readonly roles: readonly string[];
  readonly node?: string | undefined;
  readonly account?: string | undefined;
  readonly hosts?: readonly string[] | undefined;
};

/** Where a request came from. */
export type Source = 'rest' | 'est' | 'chain';

/** A request for a certificate and what has become of it. */
export type Application = {
  readonly id: string;
  readonly receivedMs: number;
  readonly source: Source;
  /** PKCS#10 in DER. */
  readonly request: Uint8Array;
  readonly publicKey: PublicKey;
  readonly grant: Grant;
  /** Serial of the certificate that it renews, in hex. */
  readonly renews: string | undefined;
  /** Where it was sent from, as far as that is known. */
  readonly address: string | undefined;
  /** Hash of the invitation that was used for it. */
  readonly invitation: string | undefined;
  /**
   * `waiting`: for a person; `approved`: for the chain; `signed`: signed, and not yet entered on chain, so not handed out;
   * `issued`, `refused`: done.
   */
  readonly status: 'waiting' | 'approved' | 'signed' | 'issued' | 'refused';
  /** Why it waits, or was refused. */
  readonly reason: string | undefined;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
};

/** What an invitation allows. Its secret is not kept, only the hash. */
export type Invitation = {
  /** SHA-256 of the secret, in hex. */
  readonly hash: string;
  readonly grant: Grant;
  /** Account of an organisation that may have its issuing CA signed. */
  readonly organisation: string | undefined;
  readonly expiresMs: number;
  readonly usesLeft: number;
};

/** A line of the journal. Bytes are base64. */
export type ApplicationEvent =
  | {
      readonly kind: 'received';
      readonly id: string;
      readonly at: number;
      readonly source: Source;
      readonly request: string;
      readonly grant: Grant;
      readonly renews?: string;
      readonly address?: string;
      readonly invitation?: string;
      readonly approved: boolean;
      readonly reason?: string;
    }
  | { readonly kind: 'approved'; readonly id: string; readonly at: number; readonly by: string; readonly grant: Grant }
  | { readonly kind: 'signed'; readonly id: string; readonly at: number; readonly certificate: string }
  | { readonly kind: 'forgotten'; readonly id: string; readonly at: number }
  | { readonly kind: 'entered'; readonly id: string; readonly at: number }
  | {
      readonly kind: 'refused';
      readonly id: string;
      readonly at: number;
      readonly reason: string;
      readonly by?: string;
    }
  | {
      readonly kind: 'invited';
      readonly hash: string;
      readonly at: number;
      readonly grant: Grant;
      readonly organisation?: string;
      readonly expires: number;
      readonly uses: number;
    }
  | { readonly kind: 'used'; readonly hash: string; readonly at: number };
