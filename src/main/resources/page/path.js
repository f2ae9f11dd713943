// The path of a packet between pods on two nodes, hop by hop, with the packet's headers at each
// hop, and where it breaks.

import { h, icon, render } from './dom.js';
import { answer } from './live.js';
import { natural } from './words.js';

const AGAIN = 2_000;
const TONES = { ok: 'good', broken: 'bad', unknown: 'unknown' };
const SAID = { ok: 'works', broken: 'the packet ends here', unknown: 'not known' };
const KINDS = { pod: 'Pod', bridge: 'Bridge', route: 'Route', tunnel: 'Tunnel device', nic: 'NIC', wire: 'Underlay' };
const byId = id => document.getElementById(id);

/** Draws the path between the two nodes in the URL. Requests it again when the network changed. */
export class PathView {
  #go;
  #network = null;
  #pair = '';
  #asked = 0;
  #timer = 0;
  #stale = true;
  #path = null;
  #error = null;

  constructor({ go }) {
    this.#go = go;
    byId('path-tools').addEventListener('submit', event => {
      event.preventDefault();
      this.#choose();
    });
    byId('path-tools').addEventListener('change', () => {
      const names = new Set(this.#network?.nodes?.map(it => it.name));
      if (names.has(byId('path-from').value) && names.has(byId('path-to').value)) this.#choose();
    });
    byId('path-swap').addEventListener('click', () => {
      this.#go('path', { from: byId('path-to').value.trim(), to: byId('path-from').value.trim() });
    });
  }

  /** The network changed, so the path may be outdated. */
  outdated() {
    this.#stale = true;
  }

  draw(network, { from = '', to = '' }) {
    this.#network = network;
    const names = (network.nodes ?? []).map(it => it.name).sort(natural);
    render(byId('node-names'), names.map(name => h('option', { value: name })));
    const pair = JSON.stringify([network.name, from, to]);
    if (pair !== this.#pair) {
      this.#pair = pair;
      this.#path = null;
      this.#error = null;
      this.#stale = true;
      this.#asked = 0;
      byId('path-from').value = from;
      byId('path-to').value = to;
    }
    if (from && to && from !== to) this.#ask(network.name, from, to);
    this.#show(from, to);
  }

  #choose() {
    this.#go('path', { from: byId('path-from').value.trim(), to: byId('path-to').value.trim() });
  }

  /** Requests the path, at most every two seconds. Meanwhile, what is shown stays. */
  async #ask(network, from, to) {
    if (!this.#stale) return;
    const wait = this.#asked + AGAIN - Date.now();
    if (wait > 0) {
      clearTimeout(this.#timer);
      const then = this.#pair;
      this.#timer = setTimeout(() => then === this.#pair && this.#ask(network, from, to), wait);
      return;
    }
    this.#stale = false;
    this.#asked = Date.now();
    const pair = this.#pair;
    try {
      const found = await answer(`/api/networks/${encodeURIComponent(network)}/path?${new URLSearchParams({ from, to })}`);
      if (pair === this.#pair) [this.#path, this.#error] = [found, null];
    } catch (error) {
      if (pair === this.#pair) this.#error = error.message;
    }
    if (pair === this.#pair) this.#show(from, to);
  }

  #show(from, to) {
    render(byId('path'), content(from, to, this.#path, this.#error));
  }
}

function content(from, to, path, error) {
  if (!from || !to) return h('p', { class: 'card' }, 'Choose two nodes: the way from a pod on the first to a pod on the second appears here.');
  if (from === to) return h('p', { class: 'card' }, `Both are ${from}: packets between its pods cross cni0 alone. Choose another node.`);
  if (error) return h('p', { class: 'card' }, h('span', { class: 'state bad' }, icon('bad'), error));
  if (!path) return h('p', { class: 'card quiet' }, 'Asking …');
  return [banner(path), h('ol', { class: 'hops', 'aria-label': `Hops from ${from} to ${to}` }, hops(path))];
}

function banner({ works, summary, reason, message, remedy, backend, way, hops }) {
  // A broken hop shows the cause itself. The banner shows it only if no hop is broken.
  const nowhere = hops.every(it => it.state !== 'broken');
  const tone = works === true ? 'good' : works === false ? 'bad' : 'unknown';
  return h('div', { class: `card banner ${tone}` },
    h('div', { class: 'row' },
      h('h2', null, icon(tone), works === true ? 'Packets pass' : works === false ? 'Packets do not pass' : 'Not known whether packets pass'),
      h('p', { class: 'quiet' }, `${backend}, ${way === 'direct' ? 'routed directly' : 'through the tunnel'}`)),
    h('p', null, summary),
    nowhere && (reason || message) ? h('p', null, reason ? h('b', null, reason, message ? ': ' : '') : null, message) : null,
    nowhere && remedy ? h('p', { class: 'remedy' }, h('b', null, 'What to do: '), remedy) : null);
}

function hops(path) {
  let node;
  let broken = false;
  return path.hops.map((it, index) => {
    const enters = it.node !== node;
    node = it.node;
    const first = it.state === 'broken' && !broken;
    broken ||= first;
    return hop(path, it, index, enters, first);
  });
}

function hop(path, it, index, enters, breaks) {
  const tone = TONES[it.state] ?? 'unknown';
  const kind = KINDS[it.kind];
  return h('li', { class: `hop ${tone} ${it.kind}${enters ? ' enters' : ''}${breaks ? ' breaks' : ''}`, 'data-key': `hop-${index}` },
    enters ? h('p', { class: 'where' }, it.node ? [h('b', null, it.node), it.node === path.from ? ' sends' : ' receives'] : h('b', null, 'Between the nodes')) : null,
    h('div', { class: 'hop-body' },
      h('div', { class: 'rail', 'aria-hidden': 'true' }, icon(tone)),
      h('div', { class: 'what' },
        h('h3', null, it.title, kind && !it.title.toLowerCase().includes(kind.toLowerCase()) ? [' ', h('span', { class: 'kind' }, kind)] : null),
        h('span', { class: it.state === 'ok' ? 'unseen' : `state ${tone}` }, breaks || it.state !== 'broken' ? SAID[it.state] : 'broken, too'),
        h('dl', { class: 'hop-facts' },
          it.device && it.device !== it.title ? [h('dt', null, 'Device'), h('dd', null, it.device)] : null,
          it.address ? [h('dt', null, 'Address'), h('dd', null, it.address)] : null,
          it.mtu ? [h('dt', null, 'MTU'), h('dd', null, it.mtu)] : null),
        it.detail ? h('p', { class: 'detail mono' }, it.detail) : null,
        it.note ? h('p', { class: 'note' }, it.note) : null,
        breaks ? h('div', { class: 'cause' },
          path.reason || path.message ? h('p', null, h('b', null, path.reason), path.reason && path.message ? ': ' : '', path.message) : null,
          path.remedy ? h('p', null, h('b', null, 'What to do: '), path.remedy) : null) : null),
      it.headers?.length ? packet(it.headers) : null));
}

/** The packet as it leaves the hop: one box per header, outermost first, then the payload. */
function packet(headers) {
  return h('ol', { class: 'packet', 'aria-label': 'Packet as it leaves, outermost header first' },
    headers.map(text => {
      const [name, ...rest] = text.split(' ');
      return h('li', { class: 'header' }, h('b', null, name), rest.length > 0 ? ' ' : null,
        rest.join(' ').split(/, /).map(part => h('span', null, part)));
    }),
    h('li', { class: 'payload' }, 'data'));
}
