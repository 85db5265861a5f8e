/* The cameras that the service watches: how each goes, its picture as it comes, who was seen. */
"use strict";
Object.assign(window.visavis, ((kit) => {
  const { q, act, shown, pause, seen } = kit;
  const SERVICE = "/ui/service/", KINDS = ["entered", "identified", "unknown", "spoof_suspected", "left"];
  const LOOK_MS = 2000, LATE_MS = 10000, FRAME_MS = 150, SLOWEST_MS = 3000, SURE_MS = 4000;

  const make = (name, look, text) => {
    const node = document.createElement(name);
    node.className = look;
    node.textContent = text;
    return node;
  };
  const copy = (root) => q(root, "template").content.firstElementChild.cloneNode(true);
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; shown(node, Boolean(text)); };
  const open = (root) => seen(root) && !document.hidden;
  const inSight = (node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  /* Does something again and again for as long as the element stands in the page. */
  async function keep(root, step) {
    let there = false;
    while (root.isConnected || !there) {
      there ||= root.isConnected;
      await pause(await step());
    }
  }
  /* Asks the page's handler, one thing at a time: `ask(what)` is false while an answer is awaited. */
  function asking(props, watch, hear) {
    let number = 0, since = -Infinity;
    watch("answer", () => {
      if (props.answer?.number !== number) return;
      since = -Infinity;
      hear(props.answer);
    });
    return (what) => {
      if (performance.now() - since < LATE_MS) return false;
      since = performance.now();
      number += 1;
      props.value = { ...what, number };
      return true;
    };
  }
  async function picture(address) {
    const answer = await fetch(SERVICE + address, { signal: AbortSignal.timeout(LATE_MS) });
    if (answer.status === 429) throw new Error("too often");
    return answer.ok ? answer.blob() : null;
  }

  /* ---- cameras ---- */
  function cameras(element, props, watch, trigger) {
    const root = q(element, ".vv-cameras"), grid = q(root, ".vv-grid"), fresh = act(root, "new");
    const notice = q(root, ".vv-notice"), cards = new Map(), todo = [];
    let asked = -Infinity, pace = FRAME_MS;

    const blank = (card) => {
      const canvas = q(card.node, "canvas");
      canvas.width = canvas.height = 0;
      shown(canvas, false);
      card.node.classList.remove("on");
    };
    const card = (id) => {
      const made = { id, node: copy(root), running: false, after: 0 };
      made.node.dataset.id = id;
      fresh.before(made.node);
      cards.set(id, made);
      return made;
    };
    const put = (told, admin) => {
      const one = cards.get(told.id) ?? card(told.id), node = one.node;
      one.running = told.running;
      node.dataset.look = told.look;
      say(q(node, ".vv-row b"), told.name);
      q(node, ".vv-row b").title = told.name;
      say(q(node, ".vv-source"), told.source);
      say(q(node, ".vv-notes"), told.notes.join(" · "));
      say(q(node, ".vv-trouble"), told.trouble);
      say(q(node, ".vv-people"), told.people);
      say(q(node, ".vv-how"), told.state);
      q(node, ".vv-how").className = `vv-badge vv-how ${told.look}`;
      say(q(node, ".vv-off span"), told.running ? "The first picture is on its way" : told.state);
      q(node, ".vv-view").ariaLabel = `What “${told.name}” sees, larger or smaller`;
      shown(q(node, ".vv-figures"), !told.resting);
      for (const field of node.querySelectorAll("[data-figure]")) {
        say(field, told.figures[field.dataset.figure] ?? "–");
      }
      shown(act(node, "start"), admin && told.resting);
      shown(act(node, "stop"), admin && !told.resting);
      shown(act(node, "forget"), admin && !told.fixed);
      if (told.resting) blank(one);
    };
    const hear = (answer) => {
      if (answer.said) {
        notice.className = `vv-notice ${answer.look}`;
        say(notice, answer.said);
      }
      if (!answer.cameras) return;
      const there = new Set(answer.cameras.map((one) => one.id));
      for (const [id, one] of cards) if (!there.has(id)) { one.node.remove(); cards.delete(id); }
      for (const one of answer.cameras) put(one, answer.admin);
      shown(fresh, answer.admin);
      shown(q(root, ".vv-none"), !answer.admin && !there.size);
      say(q(root, ".vv-why"), answer.why);
    };
    const ask = asking(props, watch, hear);

    const sure = (button) => {
      if (button.dataset.sure) return true;
      button.dataset.sure = "yes";
      button.textContent = "Forget for good?";
      setTimeout(() => { delete button.dataset.sure; button.textContent = "Forget"; }, SURE_MS);
      return false;
    };
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]"), what = button?.dataset.do;
      if (!what) return;
      if (what === "new") return trigger("select", {});
      if (what === "large") {
        button.ariaPressed = String(button.closest("[data-id]").classList.toggle("large"));
        return;
      }
      if (what === "forget" && !sure(button)) return;
      say(notice, "");
      todo.push({ do: what, id: button.closest("[data-id]").dataset.id });
    });

    const look = async (one) => {
      let bitmap = null;
      try {
        const blob = await picture(`cameras/${one.id}/frame`);
        bitmap = blob && await createImageBitmap(blob);
        pace = Math.max(0.9 * pace, FRAME_MS);
      } catch { pace = Math.min(2 * pace, SLOWEST_MS); }
      if (!bitmap) { one.after = performance.now() + 1000; return; }
      const canvas = q(one.node, "canvas");
      if (!one.running) return;
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      shown(canvas, true);
      one.node.classList.add("on");
    };
    keep(root, async () => {
      const now = performance.now();
      if (open(root) && (todo.length || now - asked > LOOK_MS) && ask(todo[0] ?? { do: "look" })) {
        todo.shift();
        asked = now;
      }
      return 100;
    });
    keep(root, async () => {
      const began = performance.now();
      const wanted = [...cards.values()].filter((one) => one.running && one.after < began && inSight(one.node));
      if (!open(root) || !wanted.length) return 300;
      for (const one of wanted) await look(one);
      return Math.max(20, pace - (performance.now() - began));
    });
  }

  /* ---- sightings ---- */
  const moment = (text) => {
    const at = new Date(text), today = at.toDateString() === new Date().toDateString();
    return today ? at.toLocaleTimeString() : at.toLocaleString();
  };
  function sightings(element, props, watch) {
    const root = q(element, ".vv-sightings"), list = q(root, ".vv-seen"), lines = new Map();
    const following = q(root, ".vv-following"), collection = encodeURIComponent(root.dataset.collection);
    let events = null, news = true, first = true, retry = 0;

    const line = (told) => {
      const made = copy(root);
      made.dataset.id = told.id;
      if (!first) made.classList.add("new");
      lines.set(told.id, made);
      return made;
    };
    const put = (told) => {
      const node = lines.get(told.id) ?? line(told), row = q(node, ".vv-row"), until = told.left ? told.last : "";
      node.dataset.look = told.look;
      q(row, "b").textContent = told.who;
      for (const old of row.querySelectorAll(".vv-badge")) old.remove();
      row.append(...told.marks.map(([text, look]) => make("span", `vv-badge ${look}`, text)));
      if (!told.left) row.append(make("span", "vv-badge", "still in view"));
      const when = until && until !== told.first ? `${moment(told.first)} to ${moment(until)}` : moment(told.first);
      q(node, ".vv-small").textContent = [told.camera, when, told.score].filter(Boolean).join(" · ");
      const button = act(node, "shot");
      if (button) shown(button, told.shot);
      return node;
    };
    const hear = (answer) => {
      say(q(root, ".vv-notice"), answer.said);
      if (!answer.sightings) return;
      const there = new Set(answer.sightings.map((one) => one.id));
      for (const id of [...lines.keys()]) if (!there.has(id)) { lines.get(id).remove(); lines.delete(id); }
      const nodes = answer.sightings.map(put);
      nodes.forEach((node, at) => { if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null); });
      shown(q(root, ".vv-empty"), !nodes.length);
      first = false;
    };
    const ask = asking(props, watch, hear);

    const tell = (yes) => {
      say(following, yes ? "following" : "not following");
      following.classList.toggle("good", yes);
    };
    const close = () => { events?.close(); events = null; tell(false); };
    const follow = () => {
      events = new EventSource(`${SERVICE}sightings?collection=${collection}`);
      events.onopen = () => { news = true; tell(true); };
      events.onerror = () => {
        if (events?.readyState === EventSource.CLOSED) { close(); retry = performance.now() + LATE_MS; }
        else tell(false);
      };
      for (const kind of KINDS) events.addEventListener(kind, () => { news = true; });
    };
    root.addEventListener("click", async (event) => {
      const button = event.target.closest('[data-do="shot"]'), id = button?.closest("[data-id]").dataset.id;
      if (!id) return;
      button.disabled = true;
      let blob = null;
      try { blob = await picture(`sightings/${id}/shot?collection=${collection}`); } catch { /* said below */ }
      if (!blob) { button.textContent = "No picture"; return; }
      const image = document.createElement("img"), address = URL.createObjectURL(blob);
      image.alt = "the best picture of this sighting";
      image.onload = () => URL.revokeObjectURL(address);
      image.src = address;
      button.replaceWith(image);
    });
    keep(root, async () => {
      if (!open(root)) { if (events) close(); news = true; return 300; }
      if (!events && performance.now() > retry) follow();
      if (news && ask({})) news = false;
      return 300;
    });
  }

  return { cameras, sightings };
})(window.visavis.kit));
