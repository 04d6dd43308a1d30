// What the site's pages do besides being read: light or dark, a menu on narrow screens,
// copying code, search. search_index.js, which is large, is loaded by the first search.
'use strict';

const root = document.documentElement;

// A theme that the reader has chosen; without one, the system's.
function chosenTheme() {
  try {
    return localStorage.getItem('theme');
  } catch {
    return null;  // Not every browser keeps anything for pages of files.
  }
}

function isDark() {
  return (root.dataset.theme ||
          (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
}

function setUpTheme() {
  const button = document.getElementById('theme');
  const label = () => { button.textContent = isDark() ? 'Light' : 'Dark'; };
  button.onclick = () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem('theme', root.dataset.theme);
    } catch {}
    label();
  };
  label();
}

function setUpMenu() {
  const navigation = document.getElementById('navigation');
  const menu = document.getElementById('menu');
  menu.onclick = () => {
    menu.setAttribute('aria-expanded', navigation.classList.toggle('open'));
  };
  const page = location.pathname.split('/').pop() || 'index.html';
  for (const link of navigation.querySelectorAll('a')) {
    if (link.getAttribute('href') !== page) continue;
    link.setAttribute('aria-current', 'page');
    navigation.scrollTop = link.offsetTop - navigation.clientHeight / 2;
  }
}

// The code of a fragment: Doxygen makes an element of each line.
function codeOf(fragment) {
  const lines = [...fragment.querySelectorAll('.line')];
  if (lines.length === 0) return fragment.textContent;
  return lines.map((line) => {
    const copy = line.cloneNode(true);
    for (const number of copy.querySelectorAll('.lineno')) number.remove();
    return copy.textContent.trimEnd() + '\n';
  }).join('');
}

function boxAround(element, name) {
  const box = document.createElement('div');
  box.className = name;
  element.replaceWith(box);
  box.append(element);
  return box;
}

function setUpCode() {
  for (const fragment of document.querySelectorAll('.fragment')) {
    const box = boxAround(fragment, 'code-box');
    if (!navigator.clipboard) continue;  // Of a page that came without TLS.
    const button = document.createElement('button');
    button.className = 'copy';
    button.textContent = 'Copy';
    button.onclick = async () => {
      await navigator.clipboard.writeText(codeOf(fragment));
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    };
    box.append(button);
  }
}

// Doxygen's pages call it: shows or hides the rows of inherited members.
function toggleInherit(id) {
  for (const row of document.querySelectorAll('tr.inherit.' + id)) {
    row.classList.toggle('shown');
  }
}

function setUpTables() {
  for (const table of document.querySelectorAll('.markdownTable, .fieldtable')) {
    boxAround(table, 'table-box').tabIndex = 0;
  }
}

// How well an entry of the index matches; 0: not at all.
function score([title, page, , text], words, query) {
  const name = title.toLowerCase();
  const names = (page + ' ' + title).toLowerCase();
  const all = names + ' ' + text.toLowerCase();
  if (!words.every((word) => all.includes(word))) return 0;
  if (name.replace(/\(\)$/, '') === query) return 5;
  if (name.startsWith(query) || name.endsWith('::' + query)) return 4;
  if (words.every((word) => name.includes(word))) return 3;
  return words.every((word) => names.includes(word)) ? 2 : 1;
}

// Of entries as good as each other, the guide's come before the reference's, and source
// files last.
function rank(address) {
  if (address.startsWith('source_')) return 2;
  return /^(class|struct|namespace)|_8h\.html/.test(address) ? 1 : 0;
}

function search(query) {
  const words = query.split(/\s+/).filter(Boolean);
  return searchIndex.map((entry) => ({entry, score: score(entry, words, query)}))
      .filter((found) => found.score > 0)
      .sort((a, b) => b.score - a.score || rank(a.entry[2]) - rank(b.entry[2]))
      .slice(0, 40).map((found) => found.entry);
}

// Some words around the first one that was looked for.
function excerpt(text, query) {
  const at = Math.max(0, text.toLowerCase().indexOf(query.split(/\s+/)[0]) - 40);
  return (at > 0 ? '…' : '') + text.slice(at, at + 140);
}

function show(found, query) {
  const list = document.getElementById('found');
  list.replaceChildren();
  for (const [title, page, address, text] of found) {
    const link = document.createElement('a');
    link.href = address;
    link.textContent = title === page ? title : title + ' – ' + page;
    const small = document.createElement('small');
    small.textContent = excerpt(text, query);
    link.append(small);
    list.append(link);
  }
  if (found.length === 0) {
    const nothing = document.createElement('p');
    nothing.textContent = 'Nothing found.';
    list.append(nothing);
  }
  list.hidden = query === '';
}

function loadIndex() {
  return new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = 'search_index.js';
    script.onload = resolve;
    document.head.append(script);
  });
}

function setUpSearch() {
  const input = document.getElementById('query');
  const list = document.getElementById('found');
  let index = null;
  input.oninput = async () => {
    index = index || loadIndex();
    await index;
    const query = input.value.trim().toLowerCase();
    show(query === '' ? [] : search(query), query);
  };
  addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    } else if (event.key === 'Escape') {
      list.hidden = true;
    } else if (event.key === 'Enter' && document.activeElement === input) {
      list.querySelector('a')?.click();
    }
  });
  addEventListener('click', (event) => {
    if (!event.target.closest('#finder')) list.hidden = true;
  });
}

if (chosenTheme()) root.dataset.theme = chosenTheme();
addEventListener('DOMContentLoaded', () => {
  setUpTheme();
  setUpMenu();
  setUpCode();
  setUpTables();
  setUpSearch();
});
