// The network at a glance: state, nodes by state, problems, rollout, configuration in force.

import { h, icon, render } from './dom.js';
import { command } from './link.js';
import { format } from './route.js';
import { count, distance, toneOfCondition } from './words.js';

/** Draws the whole view. */
export function drawOverview(container, network) {
  const status = network.status ?? {};
  render(container,
    hero(network, status),
    tiles(network, status),
    h('div', { class: 'columns' },
      h('div', { class: 'column' },
        problems(network, status.problems ?? []),
        rollout(status.rollout),
        change(status.change),
        adoption(status.adoption)),
      h('div', { class: 'column' },
        configuration(network, status),
        conditions(status.conditions ?? []))));
}

function condition(status, type) {
  return status.conditions?.find(it => it.type === type);
}

/** The network's state in a word, as [tone, word]. */
function verdict(network, status) {
  const is = (type, value) => condition(status, type)?.status === value;
  if (network.deleting) return ['busy', 'Being deleted'];
  if (!status.conditions) return ['busy', 'New'];
  if (is('Accepted', 'False')) return ['bad', 'Refused'];
  if (is('Stalled', 'True')) return ['bad', 'Stalled'];
  if (is('Reconciling', 'True')) return ['busy', 'Changing'];
  if (is('Ready', 'True')) return ['good', 'Ready'];
  return [status.summary?.down ? 'bad' : 'warn', 'Not ready'];
}

function hero(network, status) {
  const [tone, word] = verdict(network, status);
  const ready = condition(status, 'Ready');
  return h('div', { class: `hero ${tone}` },
    h('div', { class: 'hero-title' },
      h('h1', { id: 'title' }, network.name),
      h('p', { class: `pill ${tone}` }, icon(tone), word),
      network.spec?.paused ? h('p', { class: 'pill unknown' }, icon('busy'), 'Paused') : null),
    ready ? h('p', { class: 'hero-words' }, ready.message) : null);
}

function tiles(network, { summary }) {
  if (!summary) return null;
  const nodes = (state, query) => format({ network: network.name, view: 'nodes', query: { state, ...query } });
  const tile = (name, value, tone, href) => h('li', { class: value ? tone : 'none', 'data-key': name },
    h('a', { href }, h('b', null, value ?? '–'), h('span', null, tone && value ? icon(tone) : null, name)));
  return h('ul', { class: 'tiles', 'aria-label': 'Nodes by state' },
    tile('nodes', summary.nodes, '', nodes('')),
    tile('leased', summary.leased, '', nodes('')),
    tile('healthy', summary.healthy, 'good', nodes('Healthy')),
    tile('degraded', summary.degraded, 'warn', nodes('Degraded')),
    tile('down', summary.down, 'bad', nodes('Down')),
    tile('unknown', summary.unknown, 'unknown', nodes('Unknown')));
}

function problems(network, list) {
  return h('section', { class: 'card', 'aria-labelledby': 'problems-title' },
    h('h2', { id: 'problems-title' }, 'Problems', list.length > 0 ? h('span', { class: 'badge' }, list.length) : null),
    list.length === 0
      ? h('p', { class: 'calm' }, icon('good'), 'None.')
      : h('ul', { class: 'problems' }, list.map(it => problem(network, it))));
}

function problem(network, { reason, message, remedy, nodes = [], since }) {
  const shown = nodes.slice(0, 12);
  const toNode = name => format({ network: network.name, view: 'nodes', query: { q: name } });
  return h('li', { 'data-key': reason },
    h('div', { class: 'row' },
      h('h3', null, icon('bad'), reason),
      since ? h('span', { class: 'quiet' }, 'for ', time(since)) : null),
    h('p', null, message),
    remedy ? h('p', { class: 'remedy' }, h('b', null, 'What to do: '), remedy) : null,
    nodes.length > 0 ? h('ul', { class: 'names', 'aria-label': 'Nodes concerned' },
      shown.map(name => h('li', { 'data-key': name }, h('a', { href: toNode(name) }, name))),
      nodes.length > shown.length ? h('li', { class: 'quiet' },
        h('a', { href: format({ network: network.name, view: 'nodes', query: { q: reason } }) },
          `and ${nodes.length - shown.length} more`)) : null) : null);
}

const PHASE_TONES = {
  Complete: 'good', Progressing: 'busy', Paused: 'unknown', Stalled: 'bad', RollingBack: 'warn', RolledBack: 'bad',
};

function rollout(it) {
  if (!it) return null;
  const { phase, updated = 0, total = 0 } = it;
  const tone = PHASE_TONES[phase] ?? 'unknown';
  return h('section', { class: 'card', 'aria-labelledby': 'rollout-title' },
    h('div', { class: 'row' },
      h('h2', { id: 'rollout-title' }, 'Rollout'),
      h('p', { class: `pill small ${tone}` }, icon(tone), phase)),
    h('div', {
      class: 'progress', role: 'progressbar', 'aria-labelledby': 'rollout-title',
      'aria-valuemin': 0, 'aria-valuemax': total, 'aria-valuenow': updated, 'aria-valuetext': `${updated} of ${count(total, 'node')}`,
    }, h('svg', { class: tone, width: '100%', height: '8', 'aria-hidden': 'true' },
      h('rect', { class: 'track', width: '100%', height: '8', rx: '4' }),
      h('rect', { class: 'done', width: `${total ? (100 * updated) / total : 0}%`, height: '8', rx: '4' }))),
    h('p', null, it.message),
    h('dl', { class: 'facts' },
      fact('Done', `${updated} of ${count(total, 'node')}`),
      fact('Began', it.startedAt && [time(it.startedAt), ' ago']),
      fact('Last progress', it.progressedAt && [time(it.progressedAt), ' ago']),
      fact('Expected end', it.expectedEnd && ['in ', time(it.expectedEnd)]),
      fact('Configuration', it.to && h('span', { class: 'mono' }, it.from && it.from !== it.to ? `${it.from} → ${it.to}` : it.to))));
}

function change(it) {
  if (!it) return null;
  const tone = { Live: 'good', Disruptive: 'warn', Refused: 'bad' }[it.impact] ?? 'unknown';
  return h('section', { class: 'card', 'aria-labelledby': 'change-title' },
    h('div', { class: 'row' },
      h('h2', { id: 'change-title' }, 'Change that the spec asks for'),
      it.impact ? h('p', { class: `pill small ${tone}` }, icon(tone), it.impact) : null),
    h('p', null, it.message),
    differences(it.differences));
}

function adoption(it) {
  if (!it) return null;
  const tone = { Refused: 'bad', TakingOver: 'busy', Paused: 'unknown' }[it.phase] ?? 'unknown';
  return h('section', { class: 'card', 'aria-labelledby': 'adoption-title' },
    h('div', { class: 'row' },
      h('h2', { id: 'adoption-title' }, 'A flannel that was here before'),
      it.phase ? h('p', { class: `pill small ${tone}` }, icon(tone), it.phase) : null),
    h('p', null, it.daemonSet ? ['DaemonSet ', h('span', { class: 'mono' }, it.daemonSet), '. '] : null, it.message),
    differences(it.differences),
    it.unsupported?.length ? [h('h3', null, 'What no field says'), h('ul', null, it.unsupported.map(one => h('li', null, one)))] : null,
    it.matching ? h('details', null, h('summary', null, 'A FlannelNetwork that takes it over as it is'), command(it.matching)) : null);
}

function differences(list) {
  if (!list?.length) return null;
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Differences' },
    h('table', { class: 'plain' },
      h('thead', null, h('tr', null, ['Field', 'Runs', 'Asked for'].map(it => h('th', { scope: 'col' }, it)))),
      h('tbody', null, list.map(({ field, from, to }) => h('tr', { 'data-key': field },
        h('th', { scope: 'row', class: 'mono' }, field), h('td', { class: 'mono' }, from ?? '–'), h('td', { class: 'mono' }, to ?? '–'))))));
}

function configuration({ spec = {}, generation }, { applied = {} }) {
  const backend = applied.backend ?? spec.backend?.type;
  return h('section', { class: 'card', 'aria-labelledby': 'configuration-title' },
    h('h2', { id: 'configuration-title' }, applied.backend ? 'In force' : 'Asked for'),
    h('dl', { class: 'facts' },
      fact('Backend', backend),
      fact('Direct routing', (applied.directRouting ?? spec.backend?.directRouting) ? 'yes' : 'no'),
      fact('Pods', mono(applied.cidr ?? spec.cidr)),
      fact('Pods, IPv6', mono(applied.ipv6CIDR ?? spec.ipv6CIDR)),
      fact('MTU of pods', applied.mtu ? `${applied.mtu} bytes` : null),
      fact('flannel', mono(applied.flannelVersion)),
      fact('Configuration', mono(applied.configHash)),
      fact('Generation', generation)));
}

function conditions(list) {
  if (list.length === 0) return null;
  return h('section', { class: 'card', 'aria-labelledby': 'conditions-title' },
    h('h2', { id: 'conditions-title' }, 'Conditions'),
    h('ul', { class: 'conditions' }, list.map(it => h('li', { 'data-key': it.type },
      icon(toneOfCondition(it)),
      h('div', null,
        h('h3', null, it.type, ': ', h('span', null, it.status)),
        h('p', { class: 'quiet' }, it.reason, it.lastTransitionTime ? [' · for ', time(it.lastTransitionTime)] : null),
        it.message ? h('p', null, it.message) : null)))));
}

function fact(name, value) {
  return value === null || value === undefined || value === '' ? null : [h('dt', null, name), h('dd', null, value)];
}

function mono(value) {
  return value ? h('span', { class: 'mono' }, value) : null;
}

function time(value) {
  return h('time', { datetime: value, title: value }, distance(value));
}
