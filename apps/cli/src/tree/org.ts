/** `org …` and `node …`: organisations of the consortium, and nodes that join. */
import type { Command, Option } from '../program/command.js';
import { caOptions } from './member.js';
import { dryRunOption, organisationOption, stepOptions, termsOptions, yesOption } from './proposal.js';

const proposals = () => import('../consortium/proposals.js');
const organisations = () => import('../joining/organisations.js');

const name: readonly [string, string] = ['name', 'account of the organisation'];
const hostOption: Option = {
  flags: '--host <name>',
  description: 'DNS name or address at which others reach it; without one, only this machine does',
  many: true,
};
const peersOption: Option = {
  flags: '--peers <list>',
  description: 'host:port of nodes to connect to (default: those in the code)',
  many: true,
};
const walkOptions: readonly Option[] = [
  { flags: '--port <number>', description: 'HTTP port of the node (default: a free one)' },
  { flags: '--peer-port <number>', description: 'port of the node for other nodes (default: a free one)' },
  peersOption,
  hostOption,
  { flags: '--no-wait', description: 'do not wait for others: say what is missing, and end' },
  { flags: '--patience <span>', description: 'how long to wait for others, as 10m or 7d' },
];

const changes = [
  ['expel', 'propose to end its membership: vote, certificates, producers', 'org expel west'],
  ['suspend', 'propose the same until it is resumed', 'org suspend west'],
  ['resume', 'propose to end a suspension', 'org resume west'],
] as const;

/** The group `org`. */
export const orgCommand: Command = {
  name: 'org',
  summary: 'organisations of the consortium',
  group: 'Consortium:',
  detail:
    'A member invites (org invite), the new one joins (org join), the member proposes it (org admit), the others approve (proposal approve).',
  examples: [
    'org list',
    'org invite echo',
    'org join CODE --name echo --data ./echo',
    'org admit echo',
    'org suspend west',
  ],
  commands: [
    {
      name: 'list',
      summary: 'organisations, their state and producers',
      options: [{ flags: '--all', description: 'expelled ones, too' }],
      load: async () => (await organisations()).listOrganisations,
    },
    {
      name: 'show',
      summary: 'all about an organisation',
      arguments: [name],
      examples: ['org show north'],
      load: async () => (await organisations()).showOrganisation,
    },
    {
      name: 'create',
      summary: 'make the keys of an issuing CA, and the request for the root',
      detail:
        'What "org join" does first. For those who want to look at it, or have the request signed in another way.',
      arguments: [name],
      options: [
        { flags: '--title <title>', description: 'name for people (default: the account)' },
        { flags: '--data <dir>', description: 'where to (default: a folder of that name)' },
        { flags: '--ca-url <url>', description: 'where others will reach the CA' },
      ],
      examples: ['org create echo --title "Echo Ltd" --data ./echo'],
      load: async () => (await organisations()).createOrganisation,
    },
    {
      name: 'invite',
      summary: 'make an account for a new organisation, and print a code for it',
      detail:
        'By a member. With the public key of the new organisation nobody else ever has its private key; without one it is made here and written to a file. The code lets the root sign its CA; it is no vote.',
      arguments: [name, ['[key]', 'public key of the new organisation']],
      options: [
        { flags: '--stay', description: 'stay until it has joined, and propose it' },
        { flags: '--creator <account>', description: 'account that creates its account (default: your organisation)' },
        { flags: '--fund <quantity>', description: 'tokens for it, as "100 XST"' },
        { flags: '--expires <date>', description: 'end of the invitation, as 2028-01-31 or 7d (default: 7d)' },
        { ...peersOption, description: 'host:port of nodes to connect to (default: of the local network)' },
        organisationOption,
        yesOption,
        ...termsOptions,
        ...caOptions,
        ...stepOptions,
      ],
      examples: ['org invite echo PUB_K1_… -o north', 'org invite echo -o north --stay --yes'],
      load: async () => (await organisations()).inviteOrganisation,
    },
    {
      name: 'join',
      summary: 'become an organisation of the consortium: one command, from keys to a producer',
      detail:
        'Makes keys, has the root sign the CA, waits for the decision, starts CA and node, and registers the producer. Says at each step what is done and what is missing. After Ctrl-C the same command with --data goes on.',
      arguments: [['[code]', 'code of an invitation, a file with it, or -; once it is known, --data is enough']],
      options: [
        { flags: '--data <dir>', description: 'where keys and data are kept' },
        { flags: '--name <account>', description: 'account of the organisation' },
        { flags: '--title <title>', description: 'name for people (default: the account)' },
        { flags: '--account-key <file>', description: 'private key of the account, where the inviter has made it' },
        { flags: '--ca-port <number>', description: 'port of the CA (default: a free one)' },
        { flags: '--ca-tls-port <number>', description: 'port of the CA for EST (default: a free one)' },
        {
          flags: '--ca-url <url>',
          description: 'where others reach the CA (default: by HTTPS at --host, else at localhost)',
        },
        { flags: '--no-start', description: 'do not start the node' },
        ...walkOptions,
      ],
      examples: ['org join CODE --name echo --data ./echo -u http://localhost:8888', 'org join --data ./echo'],
      load: async () => (await import('../joining/org-join.js')).joinOrganisation,
    },
    {
      name: 'admit',
      summary: 'propose an organisation whose CA the root has signed',
      arguments: [name],
      options: [organisationOption, yesOption, dryRunOption, ...termsOptions, ...caOptions, ...stepOptions],
      examples: ['org admit echo -o north', 'org admit echo -o north --quota 500 --roles client,device'],
      load: async () => (await organisations()).admitOrganisation,
    },
    {
      name: 'rotate',
      summary: 'replace the issuing CA of an organisation, or a root',
      detail:
        'The CA makes the new key and proposes it; when the organisations have approved, it changes over by itself. Called again while that is under way, it says how it stands. A root that is elsewhere signs what --save writes, by --sign there; --certificate brings the answer.',
      arguments: [['[organisation]', 'account (default: that of the identity, or the only one of the CA)']],
      options: [
        { flags: '--root', description: 'a root of the consortium, at the CA that has its key' },
        { flags: '--status', description: 'begin nothing: say how the last one stands' },
        {
          flags: '--previous-until <date>',
          description: 'end of what the present one has issued, as 90d (default: nothing ends early; root: 365d)',
        },
        { flags: '--save <file>', description: 'write what others need: the request, or the certificate' },
        { flags: '--sign <file>', description: 'have the root that is there sign the request of an organisation' },
        { flags: '--certificate <file>', description: 'bring the certificate that the root has signed' },
        { flags: '--give-up', description: 'give up one that was not proposed, or not approved in time' },
        yesOption,
        ...caOptions,
      ],
      examples: ['org rotate north', 'org rotate --root --previous-until 180d', 'org rotate north --status'],
      load: async () => (await import('../membership/rotation.js')).rotateAuthority,
    },
    ...changes.map(
      ([change, summary, example]): Command => ({
        name: change,
        summary,
        arguments: [name],
        options: [organisationOption, yesOption, dryRunOption, ...stepOptions],
        examples: [example],
        load: async () => (await proposals()).proposeFor(change),
      }),
    ),
  ],
};

/** The group `node`. */
export const nodeCommand: Command = {
  name: 'node',
  summary: 'nodes that join a network',
  group: 'Consortium:',
  examples: ['node join CODE --data ./mynode --start'],
  commands: [
    {
      name: 'join',
      summary: 'set up a node of an organisation, from the invitation to the running process',
      detail:
        'Makes keys, gets the certificate, fetches genesis and addresses, and says at each step what is missing. The code comes from: member invite --role observer --node NAME. After Ctrl-C the same command with --data goes on.',
      arguments: [['[code]', 'code of an invitation, a file with it, or -; once it is known, --data is enough']],
      options: [
        { flags: '--data <dir>', description: 'where the node keeps its data' },
        { flags: '--start', description: 'start it in the background; otherwise the command is shown' },
        {
          flags: '--renew-at <url>',
          description: 'https address of the CA, where the node renews its certificate (default: of the local network)',
        },
        { flags: '--network <dir>', description: 'network on this machine (default: that of npm start)' },
        ...walkOptions,
      ],
      examples: ['node join CODE --data ./mynode', 'node join --data ./mynode --start'],
      load: async () => (await import('../joining/node-join.js')).joinNode,
    },
  ],
};
