/** `network …`: a whole network of nodes on this machine, and what can be done to it. */
import type { Command, Option } from '../program/command.js';

const control = () => import('../local-network/control.js');
const dataOption: Option = {
  flags: '--data <dir>',
  description: 'where the network is kept (default: .snapscale/network of the checkout)',
};

/** The group `network`. */
export const networkCommand: Command = {
  name: 'network',
  summary: 'a network of many nodes on this machine: up, down, and drills',
  group: 'Tools:',
  detail:
    'Each node is a process of its own, of an organisation of its own; they talk over mutual TLS. For development: keys are known to everybody. "npm start" is such a network, too, and obeys these commands.',
  examples: [
    'network up',
    'network up --producers 21 --data ./twentyone --port 9000',
    'network status',
    'network kill west',
    'network partition north,east south,west',
    'network heal',
    'network down',
  ],
  commands: [
    {
      name: 'up',
      summary: 'start it, and make it first if there is none',
      detail:
        'Without --foreground it goes on in the background until "network down". Resumes a network that is there. Nodes start a few at a time.',
      options: [
        { flags: '-n, --producers <number>', description: 'nodes of a new network: 1 to 125 (default: 4)' },
        {
          flags: '-p, --port <port>',
          description: 'HTTP port of the first node; the others take the next free ones; 0: any (default: 8888)',
        },
        dataOption,
        {
          flags: '--log-level <level>',
          description: 'of the nodes: fatal, error, warn, info, debug or trace (default: info)',
        },
        {
          flags: '--members-only',
          description: 'nodes answer members of the consortium alone, who show a certificate or a token of it',
        },
        { flags: '--foreground', description: 'stay, and end it with Ctrl-C' },
      ],
      examples: ['network up', 'network up --producers 7 --data ./seven --port 9000'],
      load: async () => (await import('../local-network/up.js')).upCommand,
    },
    {
      name: 'status',
      summary: 'its nodes: process, ports, newest and final block, peers, state',
      detail:
        'Lag is the number of blocks that are not final yet. The certificate authority of the organisations is shown below; it is named "ca" in start, stop, kill and logs.',
      options: [dataOption],
      load: async () => (await control()).statusCommand,
    },
    {
      name: 'start',
      summary: 'start a node that was stopped, was killed or has died',
      arguments: [['node', 'name of the node, or ca']],
      options: [dataOption],
      examples: ['network start west'],
      load: async () => (await control()).startCommand,
    },
    {
      name: 'stop',
      summary: 'stop a node gracefully',
      arguments: [['node', 'name of the node, or ca']],
      options: [dataOption],
      load: async () => (await control()).stopCommand,
    },
    {
      name: 'kill',
      summary: 'end a node as a power cut would',
      arguments: [['node', 'name of the node, or ca']],
      options: [dataOption],
      examples: ['network kill west'],
      load: async () => (await control()).killCommand,
    },
    {
      name: 'partition',
      summary: 'cut the links between groups of nodes',
      detail: 'Nodes that are not named form a group of their own. A new partition takes the place of the one before.',
      arguments: [['[groups...]', 'nodes of a side, with commas, for each side']],
      options: [dataOption],
      examples: ['network partition north,east south,west', 'network partition west'],
      load: async () => (await control()).partitionCommand,
    },
    {
      name: 'heal',
      summary: 'join what a partition has cut',
      options: [dataOption],
      load: async () => (await control()).healCommand,
    },
    {
      name: 'logs',
      summary: 'what nodes write',
      arguments: [['[node]', 'name of the node, ca or launcher (default: all)']],
      options: [
        { flags: '-f, --follow', description: 'go on with what they write from now on' },
        { flags: '-n, --lines <number>', description: 'newest lines (default: 20)' },
        dataOption,
      ],
      examples: ['network logs west', 'network logs --follow'],
      load: async () => (await import('../local-network/logs.js')).logsCommand,
    },
    {
      name: 'down',
      summary: 'stop all nodes; the next start resumes',
      options: [dataOption],
      load: async () => (await control()).downCommand,
    },
  ],
};
