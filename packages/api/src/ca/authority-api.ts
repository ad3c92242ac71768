/**
 * What is said to a certificate authority and what it answers, below `/v1/ca`. Certificates and requests are PEM, times
 * RFC 3339, serials and digests hex. Errors are `CaProblem` with its status.
 */

/** Paths of the interface. `ORGANISATION` is an account; for the root of the consortium it is `root`. */
export const caPaths = {
  /** GET → `CaOrganisation[]`. */
  organisations: '/v1/ca/organisations',
  /** POST `CertificateApplication` → `ApplicationAnswer`; GET, by an operator → `QueuedApplication[]`. */
  requests: (organisation: string) => `/v1/ca/${organisation}/requests`,
  /** GET → `ApplicationAnswer`. Ids cannot be guessed. */
  request: (organisation: string, id: string) => `/v1/ca/${organisation}/requests/${id}`,
  /** POST `ApplicationDecision`, by an operator → `ApplicationAnswer`. */
  decide: (organisation: string, id: string, decision: 'approve' | 'reject') =>
    `/v1/ca/${organisation}/requests/${id}/${decision}`,
  /** POST `RejectionOrder`, by an operator → `{ rejected }`, the number of them. */
  rejectAll: (organisation: string) => `/v1/ca/${organisation}/rejections`,
  /** POST `InvitationTerms`, by an operator → `Invitation`. */
  invitations: (organisation: string) => `/v1/ca/${organisation}/invitations`,
  /** GET, by an operator → `IssuedCertificate[]`. */
  certificates: (organisation: string) => `/v1/ca/${organisation}/certificates`,
  /** POST `RevocationOrder`, by an operator → `IssuedCertificate`. */
  revoke: (organisation: string, serial: string) => `/v1/ca/${organisation}/certificates/${serial}/revoke`,
  /** POST `OrganisationApplication` → `OrganisationAnswer`; GET → `JoiningOrganisation[]`. */
  joining: '/v1/ca/root/organisations',
  /**
   * Of an organisation’s issuing CA, or of `root`; all by an operator, all → `RotationState`. POST `RotationOrder` begins one,
   * GET says how it stands, PUT `SignedAuthority` brings the certificate from a root that is elsewhere, DELETE gives it up.
   */
  rotation: (authority: string) => `/v1/ca/${authority}/rotation`,
  /** POST `SigningOrder` → `SignedAuthority`, by an operator of an organisation where the root is. */
  signatures: '/v1/ca/root/signatures',
} as const;

/** An organisation whose CA answers here. */
export type CaOrganisation = {
  readonly account: string;
  readonly title: string;
  /** Its issuing CA. */
  readonly certificate: string;
  readonly roots: readonly string[];
  readonly policy: CaPolicy;
};

/** Who gets a certificate, and for how long. */
export type CaPolicy = {
  /** `invitation`: whoever has one at once, others wait; `person`: somebody approves each. */
  readonly approval: 'invitation' | 'person';
  /** Roles that it gives, as in certificates. */
  readonly roles: readonly string[];
  /** Longest life by role, in seconds. */
  readonly lives: Readonly<Record<string, number>>;
};

/** A request for a certificate. What an invitation says goes before what is asked for. */
export type CertificateApplication = {
  /** PKCS#10: PEM, or DER as Base64. */
  readonly request: string;
  /** The secret of an invitation, or the whole code. */
  readonly invitation?: string;
  readonly roles?: readonly string[];
  readonly node?: string;
  readonly account?: string;
  /** DNS names and IP addresses of a node. */
  readonly hosts?: readonly string[];
};

/** What became of a request. */
export type ApplicationAnswer = {
  readonly id: string;
  readonly status: 'issued' | 'waiting' | 'refused';
  /** Why it waits or was refused, in words. */
  readonly reason?: string;
  /** The certificate, then that of the issuing CA. */
  readonly certificate?: string;
  readonly authorities?: readonly string[];
};

/** A request as operators see it. */
export type QueuedApplication = ApplicationAnswer & {
  readonly received: string;
  /** `PUB_R1_…` or `PUB_K1_…`. */
  readonly subject_key: string;
  readonly roles: readonly string[];
  readonly node?: string;
  readonly account?: string;
  readonly hosts?: readonly string[];
  /** Where it was sent from. */
  readonly address?: string;
  /**
   * Of `roles`, `node`, `account` and `hosts`, those that the holder of the key has not signed: anybody who has seen the request
   * may have written them. Empty where the request itself says all of it.
   */
  readonly unsigned: readonly string[];
};

/** Which requests an operator turns down at once: those that wait and nobody has invited. */
export type RejectionOrder = {
  readonly reason?: string;
  /** Those from this address alone. */
  readonly address?: string;
};

/** What an operator decides; fields replace what was asked for. */
export type ApplicationDecision = {
  readonly reason?: string;
  readonly roles?: readonly string[];
};

/** What an invitation allows. */
export type InvitationTerms = {
  /** Roles of the certificates. Empty for an organisation that is to join. */
  readonly roles: readonly string[];
  readonly node?: string;
  readonly account?: string;
  readonly hosts?: readonly string[];
  /** Seven days from now where not given. */
  readonly expires?: string;
  /** Once where not given. */
  readonly uses?: number;
  /** Account of an organisation that may have its issuing CA signed by the root with it. */
  readonly organisation?: string;
};

/** An invitation. */
export type Invitation = {
  /** `formatInvitationCode`. */
  readonly code: string;
  readonly expires: string;
};

/** A certificate that was issued. */
export type IssuedCertificate = {
  readonly serial: string;
  readonly status: 'active' | 'superseded' | 'revoked';
  readonly subject_key: string;
  readonly roles: readonly string[];
  readonly node?: string;
  readonly account?: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly reason?: string;
};

/** An order to revoke. */
export type RevocationOrder = {
  /** A name of RFC 5280, as `keyCompromise`. */
  readonly reason: string;
};

/** An organisation that wants its issuing CA signed by the root. */
export type OrganisationApplication = {
  /** PKCS#10 of the issuing CA. */
  readonly request: string;
  readonly organisation: string;
  readonly title: string;
  /** An invitation by a member, for this account. */
  readonly invitation: string;
};

/** The issuing CA of an organisation that joins: to be proposed on chain by a member. */
export type OrganisationAnswer = {
  readonly organisation: string;
  readonly title: string;
  /** Signed by the root. */
  readonly certificate: string;
  readonly roots: readonly string[];
};

/** The same as members see it. */
export type JoiningOrganisation = OrganisationAnswer & {
  /** The member that invited it. */
  readonly invited_by: string;
  readonly received: string;
};

/** An order to replace an issuing CA, or a root. */
export type RotationOrder = {
  /** End of what the present one has issued. By default late enough that nothing ends early; for a root in a year. */
  readonly previous_until?: string;
};

/** How a rotation stands. */
export type RotationState = {
  /** Account of the organisation, or `root`. */
  readonly authority: string;
  /**
   * `unsigned`: the root has to sign `request`; `unproposed`: it is not on chain yet; `proposed`: organisations have to
   * approve; `done`, `refused`, `given_up`: how the last one ended; `none`: there was none.
   */
  readonly status: 'none' | 'unsigned' | 'unproposed' | 'proposed' | 'done' | 'refused' | 'given_up';
  /** Who proposes it. */
  readonly organisation?: string;
  readonly started?: string;
  readonly ended?: string;
  readonly previous_until?: string;
  /** PKCS#10 of the next issuing CA, with the signature of the present one before it. */
  readonly request?: string;
  /** The next one. */
  readonly certificate?: string;
  readonly proposal?: number;
  /** Why it does not go on, or ended. */
  readonly reason?: string;
};

/** The request of an organisation of the consortium whose issuing CA is to be replaced. */
export type SigningOrder = {
  /** `request` of a rotation, as it is. */
  readonly request: string;
};

/** A certificate of an issuing CA, signed by the root. */
export type SignedAuthority = {
  readonly certificate: string;
};

/** Why something was refused (RFC 9457). */
export type CaProblem = {
  /** `urn:snap:problem:CODE`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
};

/** Reasons of RFC 5280 section 5.3.1 that a certificate can be revoked for, by name. */
export const revocationReasons: Readonly<Record<string, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
};
