// SPDX-License-Identifier: Apache-2.0

#include "lib/debug_page/page.h"

namespace creche::internal {

const char kDebugPage[] = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>creche: what the run is doing</title>
<link rel="icon" href="data:,">
<style>
:root {
  --page: #ffffff; --text: #1f2328; --note: #59636e; --line: #d1d9e0;
  --bar: #0969da; --bad: #d1242f; --scope: #8250df;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --text: #e6edf3; --note: #9198a1; --line: #30363d;
    --bar: #4493f8; --bad: #ff7b72; --scope: #d2a8ff;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--page);
  color: var(--text); font: 15px/1.45 system-ui, sans-serif;
}
h1 { font-size: 1.2rem; margin: 0 0 .75rem }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
.note { color: var(--note) }
#numbers { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 }
#numbers div { min-width: 6rem }
#numbers dt { color: var(--note); font-size: .85em }
#numbers dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums }
#charts { display: grid; gap: 1rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)) }
.bars { display: grid; grid-template-columns: max-content 1fr max-content;
  gap: 1px .5rem; align-items: center; font-size: .8rem;
  font-variant-numeric: tabular-nums }
.bars > :nth-child(3n + 1) { text-align: right; color: var(--note) }
.bars i { display: block; height: .7rem; background: var(--bar); min-width: 1px }
#tree { margin: 0; padding: 0; list-style: none; font-size: .9rem;
  font-family: ui-monospace, monospace; overflow-wrap: anywhere }
#tree li { padding: .1rem 0 .1rem calc(var(--depth) * min(1.2rem, 3vw));
  border-bottom: 1px solid var(--line) }
#tree .nursery, #tree .scope, #tree .more { color: var(--scope) }
#tree .bad, #trouble { color: var(--bad) }
button { font: inherit; padding: .25rem .75rem; margin: 0 .5rem .5rem 0 }
#picture { overflow-x: auto }
</style>
</head>
<body>
<h1>creche: what the run is doing</h1>
<p id="trouble" role="status"></p>
<dl id="numbers"></dl>
<div id="charts">
<section><h2>How long steps take</h2><p class="note" id="steps_note"></p>
<div class="bars" id="steps"></div></section>
<section><h2>How long tasks wait for their turn</h2>
<p class="note" id="delays_note"></p><div class="bars" id="delays"></div>
</section>
</div>
<h2>Who runs when</h2>
<button id="timeline">Record 2 s: picture</button>
<button id="trace">Record 2 s: trace for Perfetto</button>
<span class="note" id="recording" role="status"></span>
<div id="picture"></div>
<h2>Tasks and scopes</h2>
<ul id="tree"></ul>
<script>
'use strict';
const at = id => document.getElementById(id);

function element(kind, text, name) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function duration(seconds) {
  if (seconds === null) return 'never';
  const size = Math.abs(seconds);
  for (const [unit, least] of [['s', 1], ['ms', 1e-3], ['µs', 1e-6]]) {
    if (size >= least) return +(seconds / least).toPrecision(3) + ' ' + unit;
  }
  return Math.round(seconds * 1e9) + ' ns';
}

function showNumbers(state) {
  const now = state.statistics;
  const numbers = {
    'tasks': now.tasks_living, 'can run': now.tasks_runnable,
    'operations': now.operations, 'deadlines': now.deadlines,
    'next deadline in': duration(now.until_next_deadline),
    'I/O by': now.backend,
  };
  at('numbers').replaceChildren(...Object.entries(numbers).map(([name, value]) => {
    const pair = element('div');
    pair.append(element('dt', name), element('dd', value));
    return pair;
  }));
}

// A bar for each power of two, its length by the number.
function showHistogram(id, histogram, measuredFor) {
  at(id + '_note').textContent = histogram.count === 0 ? 'none yet' :
    `${histogram.count} in ${duration(measuredFor)}: half up to ` +
    `${duration(histogram.p50)}, 99 % up to ${duration(histogram.p99)}, ` +
    `the longest ${duration(histogram.longest)}`;
  const counts = new Map();
  for (const bucket of histogram.buckets) {
    const power = Math.floor(Math.log2(Math.max(bucket.from * 1e9, 1)) + 1e-9);
    counts.set(power, (counts.get(power) || 0) + bucket.count);
  }
  const most = Math.max(...counts.values());
  const bars = [];
  const powers = [...counts.keys()];
  for (let power = Math.min(...powers); power <= Math.max(...powers); ++power) {
    const count = counts.get(power) || 0;
    const bar = element('i');
    bar.style.width = 100 * count / most + '%';
    if (count === 0) bar.style.visibility = 'hidden';
    bars.push(element('span', '< ' + duration(2 ** (power + 1) / 1e9)), bar,
              element('span', count));
  }
  at(id).replaceChildren(...bars);
}

function taskText(task, line) {
  line.append(task.name === '' ? 'task' : task.name,
              element('span', ` #${task.id}`, 'note'));
  if (task.state === 'running') {
    line.append(' is running');
  } else {
    line.append(` waits for ${task.waits_for}`);
    if (task.state === 'aborting') line.append(element('b', ', is being cancelled', 'bad'));
  }
  task.at.forEach((place, i) => {
    const file = place.file.split('/').pop();
    const first = task.state === 'running' ? ', called at ' : ' at ';
    const call = element('span', `${i === 0 ? first : ' < '}${file}:${place.line}`, 'note');
    call.title = `${place.file}:${place.line}`;
    line.append(call);
  });
}

function scopeText(scope, line) {
  line.append(scope.kind === 'nursery' ? 'nursery' : 'cancel scope');
  if (scope.shielded) line.append(', shielded');
  if (scope.deadline_in !== null) {
    const deadline = element('span');
    deadline.dataset.at = performance.now() / 1000 + scope.deadline_in;
    line.append(deadline);
  }
  if (scope.cancelled_itself) {
    line.append(element('b', ', cancelled' + (scope.reason && ': ') + scope.reason, 'bad'));
  } else if (scope.cancelled) {
    line.append(element('b', ', cancelled from outside', 'bad'));
  }
}

function showTree(tree) {
  at('tree').replaceChildren(...tree.map(entry => {
    const line = element('li', undefined, entry.kind);
    line.style.setProperty('--depth', Math.min(entry.depth, 16));
    if (entry.kind === 'task') {
      taskText(entry, line);
    } else if (entry.kind === 'more') {
      line.append(entry.tasks ? `and ${entry.tasks} more` : 'and more');
    } else {
      scopeText(entry, line);
    }
    return line;
  }));
  countDown();
}

function countDown() {
  for (const deadline of document.querySelectorAll('[data-at]')) {
    const left = deadline.dataset.at - performance.now() / 1000;
    deadline.textContent = left > 0 ?
      `, deadline in ${left.toFixed(1)} s` : ', deadline has passed';
  }
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}

async function look() {
  if (document.hidden) return;
  try {
    const state = await (await ask('/state.json')).json();
    showNumbers(state);
    showHistogram('steps', state.steps, state.measured_for);
    showHistogram('delays', state.queue_delays, state.measured_for);
    showTree(state.tree);
    at('trouble').textContent = '';
  } catch (error) {
    at('trouble').textContent = `No answer: ${error.message}`;
  }
}

async function record(path, show) {
  at('recording').textContent = 'recording for 2 s …';
  try {
    show(URL.createObjectURL(await (await ask(path)).blob()));
    at('recording').textContent = '';
  } catch (error) {
    at('recording').textContent = error.message;
  }
}

at('timeline').onclick = () => record('/timeline.svg', url => {
  const picture = element('img');
  picture.src = url;
  picture.alt = 'a row for each task, with bars where it lived and marks where it ran';
  at('picture').replaceChildren(picture);
});
at('trace').onclick = () => record('/trace.json', url => {
  const link = element('a');
  link.href = url;
  link.download = 'trace.json';
  link.click();
});

(async () => {
  for (;;) {
    await look();
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
})();
setInterval(countDown, 100);
</script>
</body>
</html>
)html";

}  // namespace creche::internal
