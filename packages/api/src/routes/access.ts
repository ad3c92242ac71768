/** Routes that say what a client needs to be let in (docs/spec/access.md). They are open to everybody. */
import { query } from '../route.js';
import { bigInteger, choice, integer, list, nullable, record, text } from '../schema.js';

const group = 'Access';

/** Who may do what at a node's HTTP door: `open`: everybody everything; `chain`: as the chain says; `members`: members alone. */
export const admissionPolicies = ['open', 'chain', 'members'] as const;
export type AdmissionPolicy = (typeof admissionPolicies)[number];

/** What the chain says about reading. */
const readPolicies = ['open', 'members', 'roles'] as const;

const jwk = record(
  {
    kty: text('EC.'),
    crv: choice(['P-256', 'secp256k1'], 'Curve.'),
    x: text('Base64url.'),
    y: text('Base64url.'),
  },
  { title: 'NodeKey', description: 'Public key of the node.' },
);

export const accessRoutes = {
  getAccess: query({
    path: '/v1/snap/get_access',
    access: 'open',
    group,
    summary: 'Who is let in, and what a token for this node must name.',
    doc: 'A client makes a token for each request from its key, its certificate and this (docs/spec/access.md), or connects to `tls_port` with its certificate. `clock` tells a device without a clock the time.',
    request: record({}),
    response: record(
      {
        admission: choice(
          admissionPolicies,
          'open: everybody may do everything; chain: as the chain says; members: members only.',
        ),
        reads: choice(readPolicies, 'Who may read, where the node follows the chain.'),
        audience: text('`aud` of tokens for this node.'),
        jwk,
        thumbprint: text('`jkt` of tokens for this node: RFC 7638 of `jwk`.'),
        chain_id: text('Id of the chain.'),
        tls_port: nullable(integer('Port for HTTPS with client certificates.')),
        organisations: list(
          record({ account: text('Account.'), title: text('Title.') }),
          'Organisations whose members are let in; empty where no consortium was founded.',
        ),
        clock: bigInteger('Clock of the node, milliseconds since 1970.'),
      },
      { title: 'Access' },
    ),
    example: {},
  }),
  getAuthorities: query({
    path: '/.well-known/snap/authorities.pem',
    methods: ['GET'],
    access: 'open',
    group,
    summary: 'The roots that certificates of members and nodes chain to, as PEM.',
    doc: 'From the final state of the chain; where no consortium was founded, those that the node was given.',
    request: record({}),
    response: text('Certificates.'),
    responseType: 'application/x-pem-file',
  }),
};
