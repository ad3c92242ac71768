import { expect, test } from 'vitest';
import { formatInvitationCode, parseInvitationCode } from './invitation-code.js';

const secret = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const code = {
  organisation: 'north',
  secret,
  url: 'http://localhost:8900',
  peers: ['10.0.0.7:9876', '[fd00::7]:9876'],
};

test('a code is read as it was written, with and without addresses, with blanks around it', () => {
  const text = formatInvitationCode(code);
  expect(text).toBe(`north~${secret}~http://localhost:8900~10.0.0.7:9876,[fd00::7]:9876`);
  expect(parseInvitationCode(` ${text}\n`)).toEqual(code);
  expect(parseInvitationCode(formatInvitationCode({ ...code, peers: [] }))).toEqual({ ...code, peers: [] });
  const below = formatInvitationCode({ ...code, url: 'https://ca.example.org/north/', peers: [] });
  expect(parseInvitationCode(below)?.url).toBe('https://ca.example.org/north');
});

test.each([
  ['nothing', ''],
  ['a word', 'north'],
  ['a part', formatInvitationCode(code).slice(0, 30)],
  ['a name that is none', `North~${secret}~http://localhost:8900`],
  ['a secret that is too short', 'north~ABCD~http://localhost:8900'],
  ['a secret of other characters', `north~${secret.replace('A', '0')}~http://localhost:8900`],
  ['an address that is none', `north~${secret}~localhost`],
  ['an address of another kind', `north~${secret}~file:///etc/passwd`],
  ['an address without a host', `north~${secret}~http:///x`],
  ['a node without a port', `north~${secret}~http://localhost:8900~10.0.0.7`],
  ['a fifth part', `${formatInvitationCode(code)}~more`],
  ['blanks within', `north~${secret} ~http://localhost:8900`],
  ['no end', `north~${secret}~http://localhost:8900/${'a'.repeat(2000)}`],
])('%s is no code', (_, text) => {
  expect(parseInvitationCode(text)).toBeUndefined();
});
