// A session of annotation: questions from the server, one view that shows them, keys.

import { ChoiceView } from "./choice.js";
import { drawCurve } from "./curve.js";
import { keyOf, placeOf } from "./keys.js";
import { ManualView } from "./ner_manual.js";
import { Session } from "./session.js";
import { appendText, element } from "./text.js";

const VIEWS = { choice: ChoiceView, ner_manual: ManualView };
const AHEAD = 3;
const KEYS = [
  ["backspace", "undo the last answer"],
  ["ctrl + s", "save, and let the model learn at once"],
  ["?", "this help"],
];

const at = (id) => document.getElementById(id);
const name = new URLSearchParams(location.search).get("session") ?? "";
const session = new Session(name, showState, fetchMore);
const queue = [];
let view = null;
let polling = 0;
let busy = false;
let undos = 0;
let seconds = 0;
let since = 0;
let shown = null;
const lost = { taken: 0, other: 0 };

start();

async function start() {
  try {
    const { dataset, view_id, config } = await session.config();
    at("dataset").textContent = dataset;
    at("session").textContent = name;
    document.title = `${dataset}: annotate`;
    view = new VIEWS[view_id](at("task"), config, answer, announce);
    fillHelp(config, VIEWS[view_id].keys(config));
    showState(0, "");
    await fetchMore();
  } catch (error) {
    showState(0, error.message);
    setTimeout(start, 2000);
  }
}

function answer(given) {
  if (!shown || busy) return;
  const spent = Math.round((seconds + tick()) / 10) / 100;
  queue.shift();
  session.answer({ ...given, seconds: spent }, AHEAD, (reply) => {
    const missed = reply.saved.filter((said) => said in lost);
    const again = reply.saved.includes("unasked");
    for (const said of missed) lost[said] += 1;
    if (missed.length || again) {
      showState(session.outbox.length, "");
      announce(losses());
      dropOthers(reply.questions);
    }
    if (again) at("saved").textContent = "the server was started anew and asks that again";
    take(reply);
  });
  show();
}

/** Leaves in the queue what the server still asks here. */
function dropOthers(asked) {
  const hashes = new Set(asked.map((task) => task._task_hash));
  const rest = queue.filter((task) => hashes.has(task._task_hash));
  queue.splice(0, queue.length, ...rest);
  if (queue[0] !== shown) shown = null;
}

/** What was answered here and kept nowhere. */
function losses() {
  const those = (n, where) => (n ? [`${n} ${n === 1 ? "answer" : "answers"} of yours ${where}`] : []);
  const parts = [
    ...those(lost.taken, "came too late: somebody else was given the question"),
    ...those(lost.other, "came after another one to the same question, in another window or under the same name"),
  ];
  return parts.length ? `Not kept: ${parts.join("; ")}.` : "";
}

function take(reply) {
  showProgress(reply.progress);
  for (const task of reply.questions) {
    const hash = task._task_hash;
    const known = queue.some((each) => each._task_hash === hash);
    if (!known && !session.isUnsent(hash)) queue.push(task);
  }
  if (!shown || !queue.length) show(reply);
}

async function fetchMore() {
  clearTimeout(polling);
  try {
    const reply = await session.questions(AHEAD);
    showState(session.outbox.length, "");
    take(reply);
  } catch (error) {
    showState(session.outbox.length, error.message);
    polling = setTimeout(fetchMore, 2000);
  }
}

function show({ done, held } = {}) {
  const task = queue[0] ?? null;
  clearTimeout(polling);
  at("task").hidden = !task;
  at("pause").hidden = Boolean(task);
  if (task) {
    if (task !== shown) {
      view.show(task);
      seconds = 0;
      since = performance.now();
      at("task").focus({ preventScroll: true });
      announce(view.describe());
    }
  } else {
    at("pause-title").textContent = done ? "No questions left." : "Preparing questions…";
    at("pause-text").textContent = done
      ? ending(held)
      : (view.config.waiting ?? "The model is reading the next texts.");
    // Somebody else's question may come back unanswered.
    if (!session.outbox.length) polling = setTimeout(fetchMore, done ? 10000 : 500);
  }
  shown = task;
}

function ending(held) {
  if (session.refused.size || losses()) return "Some of your answers are not saved.";
  return held
    ? "All your answers are saved. Others have the last questions: those they leave come to you."
    : "All your answers are saved. Thank you!";
}

/** Takes answers back one after the other: a press while one is on its way counts too. */
async function undo() {
  undos += 1;
  if (busy) return;
  busy = true;
  try {
    for (; undos; undos -= 1) await undoOne();
  } catch (error) {
    showState(session.outbox.length, error.message);
  }
  undos = 0;
  busy = false;
}

async function undoOne() {
  const { question, progress } = await session.undo();
  showProgress(progress);
  if (question) {
    const hash = question._task_hash;
    const rest = queue.filter((task) => task._task_hash !== hash);
    queue.splice(0, queue.length, question, ...rest);
    show();
  } else {
    announce("Nothing to undo.");
    at("saved").textContent = "nothing to undo";
  }
}

async function save() {
  try {
    showProgress(await session.save());
    at("saved").textContent = "saved; the model learns from all of it";
  } catch (error) {
    showState(session.outbox.length, error.message);
  }
}

function showState(waiting, trouble) {
  const [refusal = losses()] = session.refused.values();
  const all = refusal ? "not all saved" : "all saved";
  at("saved").textContent = waiting ? `saving ${waiting}…` : all;
  const kept = waiting ? ` ${waiting} answered and not saved yet; trying again.` : "";
  at("trouble").textContent = trouble ? trouble + kept : refusal;
  at("trouble").hidden = !at("trouble").textContent;
}

function showProgress(progress) {
  const { answered, agreed } = progress;
  const others = progress.total - answered - agreed;
  at("answered").textContent =
    `${answered} answered` +
    (others > 0 ? `, ${others} by others` : "") +
    (agreed ? `, ${agreed} taken over` : "");
  at("fraction").hidden = progress.fraction === null;
  at("fraction").value = progress.fraction ?? 0;
  at("learning").textContent = learning(progress);
  showCurve(progress.learning?.curve ?? []);
  const bad = progress.bad_lines;
  at("bad-lines").hidden = !bad;
  at("bad-lines").textContent = `${bad} bad ${bad === 1 ? "line" : "lines"} skipped`;
  at("problem-list").replaceChildren(
    ...progress.problems.map((problem) => appendText(element("li"), problem)),
  );
  if (progress.failure) {
    showState(session.outbox.length, progress.failure);
  }
}

function learning({ learning: status }) {
  if (!status) return "";
  if (status.failure) return `model: ${status.failure}`;
  if (status.busy && !status.batches) return "model: getting ready to learn…";
  const n = `${status.batches} ${status.batches === 1 ? "update" : "updates"}`;
  const last = (status.curve ?? []).at(-1);
  const f1 = last ? `, F1 on dev ${(100 * last.f1).toFixed(1)} %` : "";
  const back = status.rolled_back ? `, ${status.rolled_back} taken back${lostOn(status.fell)}` : "";
  return `model: ${n}${back}${f1}${status.busy ? ", learning…" : ""}`;
}

/** Why the last update was taken back, if it was. */
function lostOn(labels) {
  return labels.length ? ` (F1 on dev fell: ${labels.join(", ")})` : "";
}

/** The curve anew, once it has grown: a screen reader would lose its place in it. */
function showCurve(points) {
  const drawn = JSON.stringify(points);
  if (at("curve").dataset.drawn === drawn) return;
  at("curve").dataset.drawn = drawn;
  const figure = drawCurve(points);
  at("curve").hidden = !figure;
  at("curve").replaceChildren(...(figure ? [figure] : []));
}

function fillHelp(config, keys) {
  appendText(at("guidelines"), config.instructions || "");
  for (const [key, meaning] of [...keys, ...KEYS]) {
    const term = element("dt");
    term.append(element("kbd", "", key));
    at("keys").append(term, element("dd", "", meaning));
  }
}

function announce(text) {
  at("announcer").textContent = text;
}

/** Milliseconds since last asked, while the page could be seen. */
function tick() {
  const now = performance.now();
  const passed = document.hidden ? 0 : now - since;
  since = now;
  return passed;
}

document.addEventListener("visibilitychange", () => {
  const now = performance.now();
  if (document.hidden) seconds += now - since;
  since = now;
});

document.addEventListener("keydown", (event) => {
  const { target } = event;
  const key = keyOf(event);
  if (event.ctrlKey || event.metaKey) {
    if ([key, placeOf(event)].includes("s")) {
      event.preventDefault();
      save();
    }
    return;
  }
  const typing = target.closest("input, dialog");
  const presses = target.closest("button") && [" ", "Enter"].includes(key);
  // A key that is held down would answer questions nobody has read.
  if (event.altKey || event.isComposing || typing || presses) return;
  if (event.repeat && !key.startsWith("Arrow")) return;
  const isTaken = (pressed) => shown && view.key(pressed, event);
  if (isTaken(key)) event.preventDefault();
  else if (key === "Backspace") {
    event.preventDefault();
    undo();
  } else if (key === "?") at("help").showModal();
  else if (isTaken(placeOf(event))) event.preventDefault();
});

at("undo").addEventListener("click", undo);
at("save").addEventListener("click", save);
at("open-help").addEventListener("click", () => at("help").showModal());
at("bad-lines").addEventListener("click", () => at("problems").showModal());
window.addEventListener("beforeunload", (event) => {
  if (session.outbox.length) event.preventDefault();
});
