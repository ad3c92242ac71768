/** `proposal …`: what the organisations of the consortium decide. */
import type { Command, Option } from '../program/command.js';

const proposals = () => import('../consortium/proposals.js');

/** How steps of consortium commands are sent. */
export const stepOptions: readonly Option[] = [
  { flags: '-p, --permission <actor@perm>', description: 'who does it, as alice or alice@owner', many: true },
  { flags: '--no-wait', description: 'do not wait until it is final' },
  { flags: '--timeout <seconds>', description: 'how long to wait until it is final (default: 30)' },
  { flags: '-x, --expiration <seconds>', description: 'how long it may take to enter a block (default: 60)' },
];
/** For which organisation the user speaks. */
export const organisationOption: Option = {
  flags: '-o, --organisation <account>',
  description: 'organisation that you speak for (default: the one of your identity or keys)',
};
/** Not to be asked. */
export const yesOption: Option = { flags: '-y, --yes', description: 'without being asked' };
const noExecuteOption: Option = {
  flags: '--no-execute',
  description: 'do not carry it out when enough have approved',
};

/** What would be proposed, without proposing it. */
export const dryRunOption: Option = { flags: '--dry-run', description: 'show what would be proposed, send nothing' };

/** Terms of an organisation, as options. */
export const termsOptions: readonly Option[] = [
  { flags: '--quota <number>', description: 'certificates at a time (default: 1000)' },
  { flags: '--weight <number>', description: 'of its vote (default: 1)' },
  { flags: '--valid-until <date>', description: 'end of its certificates, as 2028-01-31 or 2y (default: 2y)' },
  { flags: '--roles <list>', description: 'roles that it may give (default: all)', many: true },
];

const id: readonly [string, string] = ['id', 'number of the proposal'];

/** The group `proposal`. */
export const proposalCommand: Command = {
  name: 'proposal',
  summary: 'what the consortium decides',
  group: 'Consortium:',
  detail:
    'A proposal is carried out when organisations with more than two thirds of all weights approve it. The last approval carries it out.',
  examples: ['proposal list', 'proposal show 7', 'proposal approve 7', 'proposal create expel west'],
  commands: [
    {
      name: 'create',
      summary: 'propose something, and approve it',
      detail:
        'KIND is admit, expel, suspend, resume, terms (quota, weight, validity, roles), rotate (a new issuing CA, or root), revoke-authority, revoke-members, parameters, role, or act (actions of eosio and snap.fees). What is not given stays as it is.',
      arguments: [
        ['[kind]', 'what to decide'],
        ['[subject]', 'whom or what it concerns: an organisation, a role, a digest'],
      ],
      options: [
        { flags: '--file <file>', description: 'the content as JSON, as ["expel_organisation",{…}]' },
        { flags: '--title <title>', description: 'admit: name of the organisation' },
        ...termsOptions,
        { flags: '--certificate <file>', description: 'admit, rotate: certificate of the issuing CA, in PEM' },
        { flags: '--previous-until <date>', description: 'rotate: end of what the earlier one issued (default: 90d)' },
        { flags: '--serial <hex>', description: 'revoke-members: a certificate', many: true },
        { flags: '--reason <name>', description: 'revoke-…: of RFC 5280, as keyCompromise' },
        { flags: '--reads <policy>', description: 'parameters: open, members or roles' },
        { flags: '--approval <fraction>', description: 'parameters: the part that must be exceeded, as 2/3' },
        { flags: '--proposal-life <span>', description: 'parameters: as 7d' },
        { flags: '--application-life <span>', description: 'parameters: as 30d' },
        { flags: '--overlap <span>', description: 'parameters: a renewed certificate beside its successor' },
        { flags: '--keep-expired <span>', description: 'parameters: entries after their end' },
        { flags: '--keep-decided <span>', description: 'parameters: decided proposals' },
        {
          flags: '--permissions <list>',
          description: 'role: audit, issue, peer, produce, read, serve, write',
          many: true,
        },
        { flags: '--life <span>', description: 'role: longest life of its certificates, as 90d' },
        { flags: '--label <text>', description: 'role: its name in certificates' },
        { flags: '--ended', description: 'role: no new certificate gets it' },
        { flags: '--given', description: 'role: new certificates get it again' },
        { flags: '--action <action>', description: "act: 'CONTRACT ACTION JSON'", many: true },
        { flags: '--as <account>', description: 'act: eosio or snap.ca (default: eosio)' },
        organisationOption,
        yesOption,
        dryRunOption,
        noExecuteOption,
        ...stepOptions,
      ],
      examples: [
        'proposal create expel west',
        'proposal create terms west --quota 500 --valid-until 2028-01-31',
        'proposal create parameters --reads members',
        'proposal create revoke-members west --serial 5a01 --reason keyCompromise',
        `proposal create act --action 'eosio setpriv {"account":"alice","is_priv":1}'`,
        'proposal create --file proposal.json',
      ],
      load: async () => (await proposals()).createProposal,
    },
    {
      name: 'list',
      summary: 'open proposals, and how they stand',
      options: [{ flags: '--all', description: 'decided and expired ones, too' }],
      load: async () => (await proposals()).listProposals,
    },
    {
      name: 'show',
      summary: 'content, votes, and what is missing',
      arguments: [id],
      examples: ['proposal show 7'],
      load: async () => (await proposals()).showProposal,
    },
    {
      name: 'approve',
      summary: 'approve it, and carry it out when that is enough',
      detail: 'Shows the content and asks. The approval names its digest, so that nothing else is approved.',
      arguments: [id],
      options: [organisationOption, yesOption, noExecuteOption, ...stepOptions],
      examples: ['proposal approve 7', 'proposal approve 7 --organisation north --yes'],
      load: async () => (await proposals()).approveProposal,
    },
    {
      name: 'unapprove',
      summary: 'take an approval back',
      arguments: [id],
      options: [organisationOption, ...stepOptions],
      load: async () => (await proposals()).unapproveProposal,
    },
    {
      name: 'cancel',
      summary: 'end it without carrying it out',
      arguments: [id],
      options: [organisationOption, ...stepOptions],
      load: async () => (await proposals()).cancelProposal,
    },
    {
      name: 'execute',
      summary: 'carry it out',
      arguments: [id],
      options: [organisationOption, ...stepOptions],
      load: async () => (await proposals()).executeProposal,
    },
  ],
};
