/** `member …`: certificates of an organisation's members. */
import type { Command, Option } from '../program/command.js';
import { organisationOption, stepOptions, yesOption } from './proposal.js';

const members = () => import('../membership/members.js');
const operator = () => import('../membership/operator.js');

/** Which CA, and as what. */
export const caOptions: readonly Option[] = [
  {
    flags: '--ca <url>',
    description: 'certificate authority (default: $SNAPSCALE_CA, that of the identity, or local)',
  },
  { flags: '--ca-secret <file>', description: 'secret of an operator (also: $SNAPSCALE_CA_SECRET, or --identity)' },
  { flags: '--network <dir>', description: 'network on this machine whose CA it is (default: that of npm start)' },
];
const ofOrganisation: Option = {
  flags: '-o, --organisation <account>',
  description: 'organisation (default: that of the identity, or the only one there)',
};
const roleOption: Option = {
  flags: '--role <role>',
  description: 'producer, edge, observer, client, device, ca-operator or auditor (default: client)',
  many: true,
};
const hostOption: Option = { flags: '--host <name>', description: 'DNS name or address of the node', many: true };
const nodeOption: Option = {
  flags: '--node <name>',
  description: 'name of the node that it is for; the account of the organisation is put before it',
};
const accountOption: Option = { flags: '--account <account>', description: 'account of the chain that it is for' };
const reasonOption: Option = {
  flags: '--reason <name>',
  description:
    'unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn',
};

/** The group `member`. */
export const memberCommand: Command = {
  name: 'member',
  summary: 'certificates of an organisation’s members',
  group: 'Consortium:',
  detail:
    'A member is whoever holds a certificate that an organisation has issued: a node, a person, a device. Certificates stand on the chain, and end there for all nodes at once.',
  examples: ['member invite --role client', 'member apply CODE', 'member list', 'member revoke --account alice'],
  commands: [
    {
      name: 'invite',
      summary: 'print a code that gives its bearer a certificate',
      detail: 'By an operator of the CA. On the machine of an "npm start" network nothing else is needed.',
      options: [
        roleOption,
        nodeOption,
        accountOption,
        hostOption,
        { flags: '--expires <date>', description: 'end of the invitation, as 2028-01-31 or 7d (default: 7d)' },
        { flags: '--uses <number>', description: 'how often it can be used (default: once)' },
        {
          flags: '--peers <list>',
          description: 'with --node: host:port of nodes to connect to (default: of the local network)',
          many: true,
        },
        ofOrganisation,
        ...caOptions,
      ],
      examples: ['member invite -o north', 'member invite --role observer --node north-watcher -o north'],
      load: async () => (await operator()).inviteMember,
    },
    {
      name: 'apply',
      summary: 'make a key, have it certified, and keep both as an identity',
      detail:
        'With the code of an invitation the certificate comes at once, otherwise when an operator has approved. Goes on where it was when it is called again. The private key never leaves this machine.',
      arguments: [['[code]', 'code of an invitation, a file with it, or - for standard input']],
      options: [
        { flags: '--name <name>', description: 'of the identity (default: the node, the account, or the role)' },
        roleOption,
        nodeOption,
        accountOption,
        hostOption,
        { flags: '--k1', description: 'key on secp256k1 instead of P-256: for tokens, not for TLS' },
        ofOrganisation,
        { flags: '--ca <url>', description: 'certificate authority, without a code' },
        { flags: '--no-wait', description: 'do not wait for an operator' },
        { flags: '--patience <span>', description: 'how long to wait for an operator (default: 10m)' },
      ],
      examples: [
        'member apply CODE',
        'member apply CODE --account alice',
        'member apply --ca http://localhost:8900 -o north',
      ],
      load: async () => (await import('../membership/apply.js')).applyMember,
    },
    {
      name: 'list',
      summary: 'valid certificates, or requests that wait',
      options: [
        ofOrganisation,
        { flags: '--all', description: 'expired and revoked ones, too' },
        { flags: '--waiting', description: 'requests that wait for an operator, from the CA' },
        ...caOptions,
      ],
      load: async () => (await members()).listMembers,
    },
    {
      name: 'show',
      summary: 'all about a certificate',
      arguments: [['member', 'serial, account or node']],
      options: [ofOrganisation],
      examples: ['member show alice'],
      load: async () => (await members()).showMember,
    },
    {
      name: 'approve',
      summary: 'have the CA issue what a request asks for',
      arguments: [['id', 'id of the request']],
      options: [
        { ...roleOption, description: 'instead of the roles that were asked for' },
        ofOrganisation,
        ...caOptions,
      ],
      load: async () => (await operator()).approveMember,
    },
    {
      name: 'reject',
      summary: 'turn a request down, or many that nobody has invited',
      arguments: [['[id]', 'id of the request']],
      options: [
        { flags: '--reason <text>', description: 'in words, for the applicant' },
        { flags: '--from <address>', description: 'all that wait, were not invited, and came from this address' },
        { flags: '--all', description: 'all that wait and were not invited' },
        ofOrganisation,
        ...caOptions,
      ],
      examples: ['member reject 5a01f3 --reason "not known to us"', 'member reject --from 10.0.0.7'],
      load: async () => (await operator()).rejectMember,
    },
    {
      name: 'renew',
      summary: 'get the successor of an identity’s certificate',
      detail:
        'With --identity NAME. Of the same key, or of a new one. The earlier certificate stays valid beside it for a while.',
      options: [
        { flags: '--new-key', description: 'make a new key, too' },
        { flags: '--ca <url>', description: 'certificate authority (default: where the identity came from)' },
      ],
      examples: ['member renew --identity alice', 'member renew --identity alice --new-key'],
      load: async () => (await import('../membership/renew.js')).renewMember,
    },
    {
      name: 'revoke',
      summary: 'end certificates, for good',
      detail:
        'On the chain, by the organisation, an operator or the holder (-p): the CA need not run. With --ca the CA does it.',
      arguments: [['[serial]', 'serial, or its beginning']],
      options: [
        { flags: '--account <account>', description: 'all certificates of an account' },
        { flags: '--node <name>', description: 'all certificates of a node' },
        reasonOption,
        organisationOption,
        yesOption,
        ...caOptions,
        ...stepOptions,
      ],
      examples: ['member revoke --account alice --reason keyCompromise', 'member revoke 5a01f3 --yes'],
      load: async () => (await members()).revokeMember,
    },
  ],
};
