// Elements without a framework: h() makes them, render() brings a container to what was made, touching only what differs.
// Focus, selection and scroll positions survive, as what is the same stays. Listeners belong to containers, never to what
// is rendered.

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'use', 'rect', 'circle', 'path', 'g', 'line']);

/**
 * An element. Attributes that are null, undefined or false are left out; true is an empty one. Children that are null,
 * undefined or false are left out, lists are flattened, anything else but a node is text.
 */
export function h(tag, attributes, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter(isThere).map(asNode));
  return element;
}

/** Brings a container's children to these. Those with a data-key are recognised by it, others by their place. */
export function render(container, ...children) {
  const focused = document.activeElement;
  const wanted = children.flat(Infinity).filter(isThere).map(asNode);
  reconcile(container, wanted);
  if (focused !== document.activeElement && focused?.isConnected) {
    focused.focus({ preventScroll: true }); // It was moved, which takes the focus away.
  }
}

/** One of the icons in index.html; decoration, the words beside it say the same. */
export function icon(kind) {
  return h('svg', { class: `icon ${kind}`, 'aria-hidden': 'true', focusable: 'false' }, h('use', { href: `#icon-${kind}` }));
}

function isThere(child) {
  return child !== null && child !== undefined && child !== false;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

function reconcile(parent, wanted) {
  const keyed = new Map();
  const keys = new Set(wanted.map(next => next.dataset?.key));
  for (const child of [...parent.children]) {
    const key = child.dataset?.key;
    if (key && keys.has(key)) keyed.set(key, child);
    else if (key) child.remove();
  }
  let at = parent.firstChild;
  for (const next of wanted) {
    const key = next.dataset?.key;
    const known = key ? keyed.get(key) : at;
    if (known && alike(known, next)) {
      if (known === at) {
        at = at.nextSibling;
      } else {
        parent.insertBefore(known, at);
      }
      bring(known, next);
    } else {
      parent.insertBefore(next, at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function alike(one, other) {
  return one.nodeName === other.nodeName && one.dataset?.key === other.dataset?.key;
}

function bring(known, next) {
  if (known.nodeType !== Node.ELEMENT_NODE) {
    if (known.data !== next.data) known.data = next.data;
    return;
  }
  for (const { name } of [...known.attributes]) {
    // What the user opened stays open.
    if (!next.hasAttribute(name) && name !== 'open') known.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (known.getAttribute(name) !== value) known.setAttribute(name, value);
  }
  reconcile(known, [...next.childNodes]);
}
