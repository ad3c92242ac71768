/** `cert …` and `token …`: certificates as files, and tokens for other programs. */
import type { Command } from '../program/command.js';

const group = 'Consortium:';

/** The group `cert`. */
export const certCommand: Command = {
  name: 'cert',
  summary: 'look at certificates, check them, hand them on',
  group,
  examples: ['cert show alice.pem', 'cert verify alice.pem', 'cert export --identity alice --out alice.pem'],
  commands: [
    {
      name: 'show',
      summary: 'what certificates, requests and revocation lists say',
      arguments: [['[file]', 'PEM or DER, or - for standard input (default: that of --identity)']],
      examples: ['cert show alice.pem', 'cert show --identity alice', 'cert show -'],
      load: async () => (await import('../credentials/show-certificate.js')).showCertificate,
    },
    {
      name: 'verify',
      summary: 'whether a certificate lets its holder in, and if not, why',
      detail:
        'Against the chain of the node (-u): issuing CA, organisation, membership and revocation as they are now. With --authorities against these roots alone, without a node. The exit code is 4 where the certificate is refused.',
      arguments: [
        ['[file]', 'PEM or DER, the certificate first, then that of the issuing CA (default: that of --identity)'],
      ],
      options: [
        { flags: '--authorities <file>', description: 'roots to trust, PEM; without a node' },
        { flags: '--crl <file>', description: 'revocation list, PEM or DER', many: true },
      ],
      examples: ['cert verify alice.pem', 'cert verify alice.pem --authorities roots.pem --crl north.crl'],
      load: async () => (await import('../credentials/verify-certificate.js')).verifyCertificate,
    },
    {
      name: 'export',
      summary: 'write the certificate of an identity, for other programs',
      detail:
        'For a PKCS#12 file: snapscale cert export --key --out alice.pem, then openssl pkcs12 -export -in alice.pem -out alice.p12',
      options: [
        {
          flags: '--format <form>',
          description: 'pem: certificate and issuing CA; der: the certificate alone (default: pem)',
        },
        { flags: '--key', description: 'the private key as well, not encrypted: whoever reads it is you' },
        { flags: '--roots', description: 'the roots as well' },
        { flags: '--out <file>', description: 'file to write (default: standard output)' },
      ],
      examples: [
        'cert export --identity alice --out alice.pem',
        'cert export --identity alice --format der --out alice.der',
      ],
      load: async () => (await import('../credentials/export-certificate.js')).exportCertificate,
    },
  ],
};

/** The group `token`. */
export const tokenCommand: Command = {
  name: 'token',
  summary: 'tokens with which other programs call a node as you',
  group,
  commands: [
    {
      name: 'create',
      summary: 'make a token for one request',
      detail:
        'It holds for one request to this node, with this method, path and body, once, for a minute. Programs that make many use the SDK (memberFetch), or connect with the certificate (tls_port).',
      options: [
        { flags: '-X, --method <method>', description: 'default: GET, with --body POST' },
        { flags: '--path <path>', description: 'path and query (default: /v1/chain/get_info)' },
        { flags: '-d, --body <text>', description: 'body: as given, @FILE, or - for standard input' },
        { flags: '--encrypt', description: 'encrypt it to the node, so that a proxy does not see who you are' },
        { flags: '--curl', description: 'print the whole command line for curl' },
      ],
      examples: [
        'token create --identity alice',
        'token create --identity alice --path /v1/chain/get_account -d \'{"account_name":"alice"}\' --curl',
      ],
      load: async () => (await import('../credentials/create-token.js')).createToken,
    },
  ],
};
