// Elements without a framework: h() creates them, render() updates a container to match them. It
// touches only what differs, so that focus, selection and scroll positions survive. Since it keeps
// existing elements, listeners belong on containers, never on rendered elements.

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'use', 'rect', 'circle', 'path', 'g', 'line']);

/**
 * Creates an element. Attributes that are null, undefined or false are left out; true sets an empty
 * attribute. Children that are null, undefined or false are left out, lists are flattened, and
 * anything that is not a node becomes text.
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

/** Updates a container's children to match these, by data-key if there is one, else by position. */
export function render(container, ...children) {
  const focused = document.activeElement;
  const wanted = children.flat(Infinity).filter(isThere).map(asNode);
  reconcile(container, wanted);
  if (focused !== document.activeElement && focused?.isConnected) {
    focused.focus({ preventScroll: true }); // Moving an element in the DOM removes its focus.
  }
}

/** One of the icons in index.html. Decorative: the words beside it say the same. */
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
