import { expect, it } from 'vitest';
import { type Sender, Turns } from './turns.js';

const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 5000 });

it('senders take turns, and leave the thread to others in between', async () => {
  const turns = new Turns();
  const order: string[] = [];
  let others = 0;
  const sender = (name: string, rounds: number): Sender => ({
    sendUntil(endMs) {
      order.push(name);
      while (performance.now() < endMs);
      return --rounds > 0;
    },
  });
  const timer = setInterval(() => others++, 1);
  const [a, b] = [sender('a', 3), sender('b', 3)];
  turns.add(a);
  turns.add(b);
  expect([turns.has(a), turns.has(b)]).toEqual([true, true]);
  await soon(() => order.length).toBe(6);
  clearInterval(timer);
  expect(order.join('')).toBe('ababab');
  expect(others).toBeGreaterThan(2);
  expect(turns.has(a)).toBe(false);
});

it('a sender that has gone gets no turn', async () => {
  const turns = new Turns();
  let calls = 0;
  const gone: Sender = { sendUntil: () => ++calls > 0 };
  turns.add(gone);
  turns.remove(gone);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls).toBe(0);
});
