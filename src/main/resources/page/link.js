// The state of the page's connection, and notices for when there is no network to show.

import { h } from './dom.js';

const SAID = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, retrying',
  standby: 'this replica stands by',
  empty: 'live',
};

/** Draws the connection lamp in the header and the version in the footer. */
export function drawLink({ link, operator }) {
  const element = document.getElementById('link');
  if (element.dataset.link !== link) element.dataset.link = link;
  const text = document.getElementById('link-text');
  if (text.textContent !== SAID[link]) text.textContent = SAID[link];
  const foot = document.getElementById('foot');
  const words = operator ? `flannel operator ${operator.version}, ${operator.instance}` : '';
  if (foot.textContent !== words) foot.textContent = words;
}

/** The notice in place of a network, or null if there is nothing to say. */
export function notice({ link, operator, network }) {
  if (link === 'standby') return standby(operator);
  if (link === 'empty') return empty();
  if (link === 'lost' && !network) return lost();
  return null;
}

function standby(operator) {
  if (!operator.leader) {
    return h('div', { class: 'card notice' },
      h('h1', null, 'No replica is in charge at present'),
      h('p', null, 'One takes over within seconds. If none does, look at the pods and their logs:'),
      command('kubectl -n flannel-operator get pods'));
  }
  return h('div', { class: 'card notice' },
    h('h1', null, 'This replica stands by'),
    h('p', null, h('b', null, operator.leader), ' is in charge of the networks, and its page shows them. Forward to that pod:'),
    command(`kubectl -n flannel-operator port-forward pod/${operator.leader} 18080`),
    h('p', { class: 'quiet' }, 'When this replica takes over, the networks appear here by themselves.'));
}

function empty() {
  return h('div', { class: 'card notice' },
    h('h1', null, 'No FlannelNetwork yet'),
    h('p', null, 'The operator runs and waits for one. For a network of the ipip backend, in the range that the'
      + ' controller-manager gives podCIDRs from:'),
    command(['kubectl apply -f - <<EOF', 'apiVersion: flannel.io/v1alpha1', 'kind: FlannelNetwork', 'metadata:',
      '  name: default', 'spec:', '  cidr: 10.244.0.0/16', '  backend:', '    type: ipip', 'EOF'].join('\n')),
    h('p', { class: 'quiet' }, 'It appears here as soon as it is there.'));
}

function lost() {
  return h('div', { class: 'card notice' },
    h('h1', null, 'The operator does not answer'),
    h('p', null, 'Look whether the port is still forwarded, and whether the operator runs:'),
    command('kubectl -n flannel-operator get pods\nkubectl -n flannel-operator port-forward deploy/flannel-operator 18080'),
    h('p', { class: 'quiet' }, 'The page tries again every few seconds.'));
}

/** A command or a manifest, with a button that copies it. */
export function command(text) {
  return h('div', { class: 'command' },
    h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Command' }, h('code', null, text)),
    h('button', { type: 'button', class: 'button small', 'data-copy': true }, 'Copy'));
}
