// The mesh: a heat map of what the nodes measure of each other, and a table of the worst pairs.

import { h, icon, render } from './dom.js';
import { Grid } from './grid.js';
import { LEGENDS, paint } from './heatmap.js';
import { format } from './route.js';
import { count, micros, PAIR_STATES } from './words.js';

const WORST = 12;
/** Padding and border of the map's frame, both sides together, in CSS pixels. */
const FRAME = 34;
const STATES = Object.keys(PAIR_STATES);
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const byId = id => document.getElementById(id);

/** Draws both. Choosing a cell opens the path between its nodes. */
export class MeshView {
  #go;
  #keep;
  #tell;
  #grid = null;
  #mesh = null;
  #width = 0;
  #measure = 'loss';
  #cursor = null;

  constructor({ go, keep, tell }) {
    this.#go = go;
    this.#keep = keep;
    this.#tell = tell;
    const map = byId('mesh-map');
    const canvas = byId('mesh-canvas');
    byId('mesh-measure').addEventListener('change', event => {
      this.#measure = event.target.value;
      this.#keep({ measure: this.#measure === 'loss' ? '' : this.#measure });
      this.#legend();
      this.#paint();
    });
    map.addEventListener('keydown', event => this.#key(event));
    canvas.addEventListener('pointermove', event => this.#point(event));
    canvas.addEventListener('click', event => {
      this.#point(event);
      this.#choose();
    });
  }

  draw(network, mesh, query) {
    const empty = !mesh || mesh.probes.length === 0;
    byId('mesh-all').hidden = empty;
    byId('mesh-help').hidden = empty;
    render(byId('mesh-count'), empty ? 'No probe yet.' : summary(mesh));
    this.#measure = query.measure === 'rtt' ? 'rtt' : 'loss';
    byId('mesh-measure').querySelector(`[value=${this.#measure}]`).checked = true;
    this.#legend();
    render(byId('mesh-worst'), empty ? nothing(network) : worst(network, mesh));
    if (empty) return;
    const width = byId('mesh').clientWidth - FRAME;
    if (mesh !== this.#mesh || width !== this.#width) {
      const chosen = this.#cursor && this.#names();
      this.#mesh = mesh;
      this.#width = width;
      this.#grid = new Grid(mesh, width);
      // Nodes come and go: keep the cursor on the same pair.
      this.#cursor = chosen ? this.#grid.find(...chosen) : null;
    }
    this.#paint();
  }

  #paint() {
    if (!this.#grid) return;
    paint(byId('mesh-canvas'), this.#grid, this.#measure, this.#cursor);
    render(byId('mesh-cell'), this.#cursor ? this.#words() : 'Point at a cell, or move with the arrow keys.');
  }

  #legend() {
    const words = LEGENDS[this.#measure];
    const entry = (name, label) => h('li', { 'data-key': name }, h('span', { class: `swatch ${name}`, 'aria-hidden': 'true' }), label);
    render(byId('mesh-legend'),
      words.map((label, number) => entry(`${this.#measure}-${number}`, label)),
      entry('full-size', 'full size lost'), entry('overlay', 'tunnel lost'), entry('unreachable', 'unreachable'));
  }

  #names() {
    const [from, to] = this.#grid.pair(this.#cursor.column, this.#cursor.row);
    return [this.#grid.names[from], this.#grid.names[to]];
  }

  #words() {
    const [from, to] = this.#names();
    if (from === to) return `${from} to itself`;
    const probe = this.#grid.at(this.#cursor.column, this.#cursor.row);
    if (!probe) return `${from} to ${to}: not probed`;
    const [, , state, loss, rtt] = probe;
    return `${from} to ${to}: ${PAIR_STATES[state].long}; ${loss === null ? 'loss unknown' : `${loss} % lost`}, median ${micros(rtt)}`;
  }

  #point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const found = this.#grid?.hit(event.clientX - box.left, event.clientY - box.top);
    if (found && (found.column !== this.#cursor?.column || found.row !== this.#cursor?.row)) {
      this.#cursor = found;
      this.#paint();
    }
  }

  #key(event) {
    if (!this.#grid || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter') {
      this.#choose();
    } else if (event.key === 'Escape') {
      this.#cursor = null;
      this.#paint();
    } else if (MOVES[event.key]) {
      this.#moveTo(this.#moved(MOVES[event.key]));
    } else if (event.key === 'n' || event.key === 'N') {
      this.#next();
    } else {
      return;
    }
    event.preventDefault();
  }

  #moved([right, down]) {
    const { columns, rows } = this.#grid;
    const at = this.#cursor ?? { column: 0, row: 0 };
    let { column, row } = at;
    if (this.#cursor || this.#grid.square) {
      column = Math.min(columns - 1, Math.max(0, column + right));
      row = Math.min(rows - 1, Math.max(0, row + down));
    }
    return { column, row };
  }

  #next() {
    const { columns, rows } = this.#grid;
    const start = this.#cursor ? this.#cursor.row * columns + this.#cursor.column : -1;
    for (let ahead = 1; ahead <= columns * rows; ahead++) {
      const place = (start + ahead) % (columns * rows);
      const cell = { column: place % columns, row: Math.floor(place / columns) };
      const probe = this.#grid.at(cell.column, cell.row);
      if (probe && probe[2] !== 'passes') {
        this.#moveTo(cell);
        return;
      }
    }
    this.#tell('Every probed pair passes');
  }

  #moveTo(cell) {
    this.#cursor = cell;
    this.#paint();
    this.#tell(this.#words());
    const { x, y, size } = this.#grid.place(cell.column, cell.row);
    const map = byId('mesh-map');
    if (x < map.scrollLeft || x + size > map.scrollLeft + map.clientWidth) map.scrollLeft = x - map.clientWidth / 2;
    const top = byId('mesh-canvas').getBoundingClientRect().top + y;
    if (top < 0 || top + size > window.innerHeight) window.scrollBy(0, top - window.innerHeight / 2);
  }

  #choose() {
    if (!this.#cursor) return;
    const [from, to] = this.#names();
    if (from !== to) this.#go('path', { from, to });
  }
}

function summary({ nodes, probes }) {
  const counts = STATES.map(state => [state, probes.filter(it => it[2] === state).length]).filter(([, some]) => some > 0);
  const words = counts.map(([state, some]) => `${some.toLocaleString('en')} ${PAIR_STATES[state].said}`).join(', ');
  return `${count(nodes.length, 'node')}, ${count(probes.length, 'probed pair')}: ${words}`;
}

function nothing(network) {
  const off = network.spec?.health?.enabled === false;
  return h('p', { class: 'card' }, off
    ? 'spec.health.enabled is false: no agent measures the tunnels.'
    : 'The agents on the nodes have not reported yet, or there is but one node.');
}

function worst(network, { nodes, probes }) {
  const gravity = probe => STATES.indexOf(probe[2]);
  const list = probes.toSorted((a, b) => gravity(a) - gravity(b) || (b[3] ?? 0) - (a[3] ?? 0) || (b[4] ?? 0) - (a[4] ?? 0)).slice(0, WORST);
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'mesh-worst-title' },
    h('table', { class: 'plain wide' },
      h('caption', { class: 'unseen' }, `The ${list.length} worst of ${probes.length} probed pairs`),
      h('thead', null, h('tr', null, ['From', 'To', 'State', 'Loss', 'Median RTT', ''].map((title, column) =>
        h('th', { scope: 'col', class: column === 3 || column === 4 ? 'number' : null }, title || h('span', { class: 'unseen' }, 'Path'))))),
      h('tbody', null, list.map(([from, to, state, loss, rtt]) => {
        const { tone, said } = PAIR_STATES[state];
        const href = format({ network: network.name, view: 'path', query: { from: nodes[from], to: nodes[to] } });
        return h('tr', { 'data-key': `${nodes[from]} ${nodes[to]}` },
          h('th', { scope: 'row' }, nodes[from]), h('td', null, nodes[to]),
          h('td', null, h('span', { class: `state ${tone}` }, icon(tone), said)),
          h('td', { class: 'number' }, loss === null ? '–' : `${loss} %`), h('td', { class: 'number' }, micros(rtt)),
          h('td', null, h('a', { href, 'aria-label': `Path from ${nodes[from]} to ${nodes[to]}` }, 'Path')));
      }))));
}
