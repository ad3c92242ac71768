import { describe, expect, test } from 'vitest';
import { parseConfig, UsageError } from './config.js';

const parse = (...args: string[]) => parseConfig(args, '/checkout')!;

describe('identity and admission', () => {
  test('are left to the network unless they are given', () => {
    expect(parse()).toMatchObject({ tlsPort: undefined, admission: undefined, ca: undefined, renewKey: false });
    expect(
      parse('--tls-port', '0', '--admission', 'members', '--ca', 'https://ca.example:8443/', '--renew-key'),
    ).toMatchObject({ tlsPort: 0, admission: 'members', ca: 'https://ca.example:8443', renewKey: true });
    expect(parse('--ca', 'https://ca.example/north').ca).toBe('https://ca.example/north');
  });

  test.each([
    [['--tls-port', '65536'], '--tls-port 65536: expected a whole number from 0 to 65535'],
    [['--tls-port', ''], '--tls-port'],
    [['--admission', 'Members'], '--admission Members: expected one of open, chain, members'],
    [['--ca', 'ca.example:8443'], '--ca ca.example:8443: expected an address'],
    [['--ca', 'file:///etc/passwd'], 'expected an address'],
    [['--ca', ''], 'expected an address'],
    [['--renew-key=yes'], 'renew-key'],
  ])('%j is refused', (args, words) => {
    expect(() => parseConfig(args, '/checkout')).toThrow(UsageError);
    expect(() => parseConfig(args, '/checkout')).toThrow(words);
  });
});
