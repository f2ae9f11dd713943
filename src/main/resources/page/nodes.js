// The nodes as a table: searched, filtered and sorted in the browser, 100 rows per page.

import { h, icon, render } from './dom.js';
import { format } from './route.js';
import { count, distance, natural, parsedDuration, TONE_OF_TUNNEL } from './words.js';

const ROWS = 100;
const WORST_FIRST = ['Down', 'Degraded', 'Unknown', 'Healthy'];

/** The columns. `by` is the value to sort by, a text or number; missing values come last. */
const COLUMNS = [
  { key: 'name', title: 'Node', by: it => it.name },
  { key: 'tunnel', title: 'Tunnel', by: it => WORST_FIRST.indexOf(it.tunnel ?? 'Unknown') },
  { key: 'reason', title: 'Reason', by: it => it.reason },
  { key: 'subnet', title: 'Subnet', by: it => it.subnet ?? it.ipv6Subnet, mono: true },
  { key: 'ip', title: 'Public IP', by: it => it.publicIP, mono: true },
  { key: 'device', title: 'Device', by: it => it.device ?? it.backend, mono: true },
  { key: 'mtu', title: 'MTU', by: it => it.mtu, number: true },
  { key: 'p50', title: 'RTT p50', by: it => parsedDuration(it.rttP50), number: true },
  { key: 'p99', title: 'RTT p99', by: it => parsedDuration(it.rttP99), number: true },
  { key: 'peers', title: 'Peers', by: it => reached(it.peersReachable), number: true },
  { key: 'since', title: 'Since', by: it => it.since },
];
const STATES = ['', 'Down', 'Degraded', 'Unknown', 'Healthy', 'NoLease'];
const SAID = { '': 'All', NoLease: 'No lease' };

/** Draws the table. Search, filter, order and page are kept in the URL. */
export class NodesView {
  #network;
  #query = {};
  #keep;

  constructor({ keep }) {
    this.#keep = keep;
    const on = (id, type, listener) => document.getElementById(id).addEventListener(type, listener);
    on('nodes-tools', 'submit', event => event.preventDefault());
    on('nodes-search', 'input', event => this.#ask({ q: event.target.value.trim(), page: '' }));
    on('nodes-states', 'change', event => this.#ask({ state: event.target.value, page: '' }));
    on('nodes-head', 'click', event => {
      const column = event.target.closest('button')?.dataset.column;
      if (column) this.#sortBy(column);
    });
    on('nodes-pages', 'click', event => {
      const page = event.target.closest('button')?.dataset.page;
      if (page) {
        this.#ask({ page });
        document.getElementById('nodes-scroll').scrollIntoView({ block: 'start' });
      }
    });
  }

  draw(network, query) {
    this.#network = network;
    this.#query = query;
    const search = document.getElementById('nodes-search');
    if (search !== document.activeElement) search.value = query.q ?? '';
    const nodes = network.nodes ?? [];
    const found = sorted(nodes.filter(it => matches(it, query.q)).filter(it => isIn(it, query.state)), query);
    const pages = Math.max(1, Math.ceil(found.length / ROWS));
    const page = Math.min(Math.max(1, Number(query.page) || 1), pages);
    this.#states(nodes);
    this.#head();
    render(document.getElementById('nodes-rows'),
      found.length === 0
        ? h('tr', null, h('td', { colspan: COLUMNS.length, class: 'nothing' },
          nodes.length === 0 ? 'No node is part of the network yet.' : 'No node matches. Another word, or another state?'))
        : found.slice((page - 1) * ROWS, page * ROWS).map(it => this.#row(it)));
    render(document.getElementById('nodes-count'),
      found.length === nodes.length ? count(nodes.length, 'node') : `${found.length} of ${count(nodes.length, 'node')}`);
    this.#pages(page, pages, found.length);
  }

  #ask(change) {
    const query = { ...this.#query, ...change };
    this.#keep(query);
    this.draw(this.#network, query);
  }

  #sortBy(column) {
    const { by, way } = order(this.#query);
    this.#ask({ sort: column === by && way === 1 ? `-${column}` : column, page: '' });
  }

  #states(nodes) {
    const state = this.#query.state ?? '';
    const fieldset = document.getElementById('nodes-states');
    render(fieldset, h('legend', { class: 'unseen' }, 'State of the tunnel'),
      STATES.map(it => h('label', { 'data-key': `state-${it}` },
        h('input', { type: 'radio', name: 'state', value: it }),
        h('span', null, TONE_OF_TUNNEL[it] ? icon(TONE_OF_TUNNEL[it]) : null, SAID[it] ?? it, ' ',
          h('b', null, nodes.filter(node => isIn(node, it)).length.toLocaleString('en'))))));
    for (const input of fieldset.querySelectorAll('input')) input.checked = input.value === state;
  }

  #head() {
    const { by, way } = order(this.#query);
    render(document.getElementById('nodes-head'), h('tr', null, COLUMNS.map(({ key, title, number }) => {
      const is = key === by;
      return h('th', { scope: 'col', class: number ? 'number' : null, 'aria-sort': is ? (way === 1 ? 'ascending' : 'descending') : null },
        h('button', { type: 'button', 'data-column': key }, title,
          h('span', { class: 'way', 'aria-hidden': 'true' }, is ? (way === 1 ? '▲' : '▼') : '')));
    })));
  }

  #row(node) {
    const tunnel = node.tunnel ?? 'Unknown';
    const path = format({ network: this.#network.name, view: 'path', query: { from: node.name } });
    const shown = {
      name: () => h('a', { href: path, title: `Path of a packet from ${node.name}` }, node.name),
      tunnel: () => h('span', { class: `state ${TONE_OF_TUNNEL[tunnel]}` }, icon(TONE_OF_TUNNEL[tunnel]), tunnel),
      reason: () => node.reason,
      subnet: () => [node.subnet, node.subnet && node.ipv6Subnet ? h('br') : null, node.ipv6Subnet],
      ip: () => node.publicIP,
      device: () => node.device ?? node.backend,
      mtu: () => node.mtu,
      p50: () => node.rttP50,
      p99: () => node.rttP99,
      peers: () => node.peersReachable,
      since: () => node.since && h('time', { datetime: node.since, title: node.since }, `${distance(node.since)} ago`),
    };
    return h('tr', { 'data-key': node.name, class: TONE_OF_TUNNEL[tunnel] }, COLUMNS.map(({ key, mono, number }) =>
      h(key === 'name' ? 'th' : 'td', { scope: key === 'name' ? 'row' : null, class: [mono && 'mono', number && 'number'].filter(Boolean).join(' ') || null },
        shown[key]())));
  }

  #pages(page, pages, found) {
    const button = (to, words, label) => h('button', {
      type: 'button', class: 'button small', 'data-page': to, 'data-key': label, 'aria-label': label, disabled: to < 1 || to > pages,
    }, words);
    render(document.getElementById('nodes-pages'), pages === 1 ? null : [
      button(page - 1, '← Previous', 'Previous page'),
      h('span', { class: 'quiet' }, `${(page - 1) * ROWS + 1}–${Math.min(page * ROWS, found)} of ${found.toLocaleString('en')}`),
      button(page + 1, 'Next →', 'Next page'),
    ]);
  }
}

function order({ sort = 'tunnel' }) {
  return sort.startsWith('-') ? { by: sort.slice(1), way: -1 } : { by: sort, way: 1 };
}

function sorted(nodes, query) {
  const { by, way } = order(query);
  const column = COLUMNS.find(it => it.key === by) ?? COLUMNS[1];
  const missing = value => value === null || value === undefined || Number.isNaN(value);
  return nodes
    .map(node => ({ node, value: column.by(node) }))
    .sort((a, b) => {
      if (missing(a.value) || missing(b.value)) return missing(a.value) - missing(b.value);
      return way * (typeof a.value === 'number' ? a.value - b.value : natural(a.value, b.value));
    })
    .map(it => it.node);
}

function matches(node, words) {
  if (!words) return true;
  const text = [node.name, node.subnet, node.ipv6Subnet, node.publicIP, node.device, node.backend, node.reason].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

function isIn(node, state) {
  if (!state) return true;
  return state === 'NoLease' ? node.leased === false : (node.tunnel ?? 'Unknown') === state;
}

function reached(text) {
  const [some, all] = (text ?? '').split('/').map(Number);
  return all ? some / all : NaN;
}
