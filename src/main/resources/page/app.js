// The page: connects the state of one network to four views of it.

import { h, render } from './dom.js';
import { Live } from './live.js';
import { format, parse } from './route.js';
import { Teller } from './teller.js';
import { drawLink, notice } from './link.js';
import { drawOverview } from './overview.js';
import { NodesView } from './nodes.js';
import { MeshView } from './mesh.js';
import { PathView } from './path.js';

const REFRESH_TIMES = 20_000;
const byId = id => document.getElementById(id);

const teller = new Teller(byId('told'));
const live = new Live(changed);
const go = (view, query) => {
  location.hash = format({ network: route.network || live.state.network?.name || '', view, query });
};
const keep = query => history.replaceState(null, '', format({ ...current(), query }));
const nodes = new NodesView({ keep });
const mesh = new MeshView({ go, keep, tell: words => teller.tell(words) });
const path = new PathView({ go });

let route = parse(location.hash);
let planned = false;

function current() {
  return { ...parse(location.hash), network: route.network || live.state.network?.name || '' };
}

function changed(part) {
  teller.hear(live.state);
  if (part !== 'link') path.outdated();
  plan();
}

/** Schedules a single draw for the browser's next paint, however much changed. */
function plan() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    draw();
  });
}

function draw() {
  const { state } = live;
  drawLink(state);
  render(byId('notice'), notice(state));
  drawNetworks(state);
  const there = Boolean(state.network);
  byId('views').hidden = !there;
  const network = state.network?.name ?? '';
  for (const link of byId('views').children) {
    link.href = format({ network, view: link.dataset.view });
    if (link.dataset.view === route.view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const section of document.querySelectorAll('main > section')) {
    section.hidden = !there || section.dataset.view !== route.view;
  }
  document.title = there ? `${network}: ${titles[route.view]} – flannel operator` : 'flannel operator';
  if (!there) return;
  const query = parse(location.hash).query;
  views[route.view](state, query);
}

const titles = { overview: 'overview', nodes: 'nodes', mesh: 'mesh', path: 'path of a packet' };
const views = {
  overview: state => drawOverview(byId('overview'), state.network),
  nodes: (state, query) => nodes.draw(state.network, query),
  mesh: (state, query) => mesh.draw(state.network, state.mesh, query),
  path: (state, query) => path.draw(state.network, query),
};

function drawNetworks({ networks, network }) {
  byId('network-choice').hidden = networks.length < 2;
  render(byId('network'), networks.map(name => h('option', { value: name }, name)));
  if (network) byId('network').value = network.name;
}

byId('network').addEventListener('change', event => {
  location.hash = format({ network: event.target.value, view: route.view });
});

window.addEventListener('hashchange', () => {
  const before = route;
  route = parse(location.hash);
  if (before.network !== route.network) live.follow(route.network);
  if (before.view !== route.view) window.scrollTo(0, 0);
  draw();
});

document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); // The URL's hash holds the current view.
  byId('main').focus();
});

document.addEventListener('click', event => {
  const button = event.target.closest('button[data-copy]');
  if (!button) return;
  const text = button.parentElement.querySelector('code').textContent;
  navigator.clipboard.writeText(text).then(
    () => teller.tell('Copied'),
    () => teller.tell('The browser did not let the page copy; select the text instead'));
});

window.addEventListener('resize', plan);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', plan);
setInterval(plan, REFRESH_TIMES); // "4 min ago" becomes "5 min ago".
live.follow(route.network);
draw();
