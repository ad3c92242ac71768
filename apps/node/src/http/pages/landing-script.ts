/** What the landing page runs in the browser: the chain's state once, then the event stream. */
export const landingScript = `
(() => {
  'use strict';
  const element = (id) => document.getElementById(id);
  const show = (id, text) => { element(id).textContent = text; };
  const number = (value) => Number(value).toLocaleString('en-US').replace(/,/g, '\\u202f');
  const origin = location.origin;
  let head = 0, final = 0, headTime = 0;
  const bars = new Map();
  const BARS = 64;

  show('url', origin);
  show('command', 'cleos -u ' + origin + ' get info');
  show('stream', 'curl -N "' + origin + '/v1/stream?topics=blocks,traces,final"');

  function showNumbers() {
    show('head', head ? number(head) : '–');
    show('final', final ? number(final) : '–');
    show('gap', head && final ? number(Math.max(0, head - final)) : '–');
  }
  function addBlock(block) {
    if (bars.has(block.num)) return;
    const bar = document.createElement('i');
    bar.style.height = Math.min(72, 12 + Math.round(12 * Math.log2(1 + block.transactions))) + 'px';
    bar.title = 'Block ' + block.num + ': ' + block.transactions + ' transactions, ' + block.producer;
    bars.set(block.num, bar);
    element('blocks').append(bar);
    for (const [num, old] of bars) {
      if (bars.size <= BARS) break;
      old.remove();
      bars.delete(num);
    }
  }
  function markFinal() {
    for (const [num, bar] of bars) bar.classList.toggle('final', num <= final);
  }
  function undo(toNum) {
    for (const [num, bar] of bars) if (num > toNum) { bar.remove(); bars.delete(num); }
    head = Math.min(head, toNum);
  }
  function state(kind, text) {
    element('state').className = 'state ' + kind;
    show('state', text);
  }
  function age() {
    if (!headTime) return;
    const seconds = Math.max(0, (Date.now() - headTime) / 1000);
    show('when', seconds < 2 ? 'newest block just now' : 'newest block ' + Math.round(seconds) + ' s ago');
  }
  function checkItem(check) {
    const item = document.createElement('li');
    if (!check.ok) item.className = 'bad';
    const name = document.createElement('b');
    name.textContent = check.name;
    const detail = document.createElement('span');
    detail.textContent = check.detail;
    item.append(name, detail);
    return item;
  }
  function condition(kind, text, checks) {
    const words = element('condition');
    // What has not changed is not read aloud again.
    if (words.textContent !== text) words.textContent = text;
    words.className = 'state ' + kind;
    element('problems').replaceChildren(...checks.filter((check) => !check.ok).map(checkItem));
    element('checks').replaceChildren(...checks.filter((check) => check.ok).map(checkItem));
  }
  async function health() {
    try {
      const { checks } = await (await fetch('/v1/node/health')).json();
      const failing = checks.filter((check) => !check.ok).length;
      if (failing === 0) condition('live', 'This node is well', checks);
      else condition('lost', failing === 1 ? 'One thing is wrong' : failing + ' things are wrong', checks);
    } catch {
      condition('lost', 'The node does not answer', []);
    }
  }
  // Who is let in, in a sentence.
  async function access() {
    const { admission, reads, organisations, tls_port: port } = await (await fetch('/v1/snap/get_access')).json();
    const door = port ? ' With a certificate: https://' + location.hostname + ':' + port : '';
    const members = 'Members of the consortium only, with a token or a certificate.';
    const chain = reads === 'open' ? 'Everybody reads; members write.' : members;
    const all = admission === 'open' || (admission === 'chain' && organisations.length === 0);
    show('access', all ? 'Everybody.' : (admission === 'members' ? members : chain) + door);
  }
  async function start() {
    const response = await fetch('/v1/chain/get_info');
    const info = await response.json();
    if (String(info.type).startsWith('urn:snap:problem:')) {
      state('lost', 'members only');
      show('when', info.title + '. ' + info.advice);
      return;
    }
    head = info.head_block_num;
    final = info.last_irreversible_block_num;
    headTime = Date.parse(info.head_block_time + 'Z');
    show('chain', info.chain_id);
    show('producer', info.head_block_producer);
    showNumbers();
    age();
    const from = Math.max(info.earliest_available_block_num - 1, head - BARS, 0);
    const source = new EventSource('/v1/stream?topics=blocks,final&cursor=' + from);
    source.onopen = () => state('live', 'live');
    source.onerror = () => state('lost', 'no connection');
    source.addEventListener('block', (event) => {
      const block = JSON.parse(event.data);
      head = Math.max(head, block.num);
      headTime = Date.parse(block.timestamp + 'Z');
      addBlock(block);
      show('producer', block.producer);
      markFinal();
      showNumbers();
      age();
    });
    source.addEventListener('final', (event) => {
      final = Math.max(final, JSON.parse(event.data).num);
      markFinal();
      showNumbers();
    });
    source.addEventListener('undo', (event) => { undo(JSON.parse(event.data).to_num); showNumbers(); });
  }
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', async () => {
      const text = element(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(element(button.dataset.copy));
        button.textContent = 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  }
  setInterval(age, 1000);
  setInterval(health, 5000);
  health();
  access().catch(() => show('access', '–'));
  start().catch(() => state('lost', 'no answer'));
})();
`;
