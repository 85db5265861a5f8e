/* Photos that are chosen, dropped, pasted or taken; enrolment by camera; rows that can be picked. */
"use strict";
Object.assign(window.visavis, ((kit) => {
  const { q, act, shown, pause, seen, read, openCamera, closeCamera, still } = kit;
  const MOST_BYTES = 16 * 2 ** 20, MOST_TOGETHER = 40 * 2 ** 20;
  const inputs = new Map();

  /* ---- photos ---- */
  function photo(element, props) {
    const root = q(element, ".vv-photo"), many = root.dataset.many === "yes";
    const file = q(root, "input[type=file]"), video = q(root, ".vv-video");
    const shots = q(root, ".vv-shots"), hint = q(root, ".vv-hint"), drop = q(root, ".vv-drop");
    let photos = [];
    const trouble = (text) => {
      const line = q(root, ".vv-trouble");
      line.textContent = text || "";
      shown(line, Boolean(text));
    };
    const show = () => {
      shots.replaceChildren(...photos.map((source, place) => {
        const frame = document.createElement("div"), image = document.createElement("img");
        frame.className = "vv-shot";
        image.src = source;
        image.alt = `photo ${place + 1}`;
        image.onerror = () => { image.replaceWith("photo " + (place + 1)); };
        frame.append(image);
        if (many) {
          const away = document.createElement("button");
          away.type = "button";
          away.textContent = "×";
          away.ariaLabel = away.title = `Remove photo ${place + 1}`;
          away.onclick = (event) => { event.stopPropagation(); put(photos.filter((_, at) => at !== place)); };
          frame.append(away);
        }
        return frame;
      }));
      root.classList.toggle("full", photos.length > 0);
      shown(hint, video.hidden && photos.length === 0);
      shown(shots, video.hidden && photos.length > 0);
      shown(act(root, "clear"), photos.length > 0);
      act(root, "clear").textContent = many && photos.length > 1 ? "Remove all" : "Remove";
    };
    const put = (list) => { photos = list; props.value = list; show(); };
    const add = (source) => put(many ? [...photos, source] : [source]);
    const take = async (files) => {
      trouble("");
      for (const one of files) {
        const pictured = one.type.startsWith("image/") || /\.hei[cf]$/i.test(one.name);
        const together = photos.reduce((sum, p) => sum + p.length, 0) * 0.75;
        if (!pictured) trouble(`${one.name || "This"} is no picture.`);
        else if (one.size > MOST_BYTES) trouble(`${one.name} is larger than ${MOST_BYTES / 2 ** 20} MB.`);
        else if (many && together + one.size > MOST_TOGETHER) trouble("These photos are too large together.");
        else { add(await read(one)); if (!many) break; }
      }
    };
    const stop = () => {
      closeCamera(video);
      shown(video, false);
      shown(act(root, "take"), false);
      act(root, "camera").textContent = "Camera";
      show();
    };
    const camera = async () => {
      if (!video.hidden) return stop();
      trouble("");
      try {
        shown(video, true);
        shown(hint, false);
        shown(shots, false);
        await openCamera(video);
        shown(act(root, "take"), true);
        act(root, "camera").textContent = "Close camera";
      } catch (error) { stop(); trouble(error.message); }
    };
    root.addEventListener("click", (event) => {
      const what = event.target.closest("[data-do]")?.dataset.do;
      if (what === "choose" || (!what && event.target.closest(".vv-hint"))) file.click();
      if (what === "camera") camera();
      if (what === "take") { add(still(video)); stop(); }
      if (what === "clear") { put([]); trouble(""); }
    });
    file.addEventListener("change", () => { take([...file.files]); file.value = ""; });
    for (const kind of ["dragover", "dragenter"]) {
      drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
    }
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
    inputs.set(root, { take, add, clear: () => put([]), empty: () => photos.length === 0 });
    show();
  }
  function pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])].filter((f) => f.type.startsWith("image/"));
    const open = [...inputs].filter(([root]) => seen(root));
    if (!files.length || !open.length) return;
    const near = open.find(([root]) => root.matches(":hover") || root.contains(document.activeElement));
    const free = open.find(([, input]) => input.empty());
    (near ?? free ?? open[0])[1].take(files);
    event.preventDefault();
  }
  document.addEventListener("paste", pasted);

  /* ---- enrolment by camera: the service says what is to be better ---- */
  function guide(element, props, watch) {
    const root = q(element, ".vv-guide"), video = q(root, "video"), told = q(root, ".vv-told");
    const meter = q(root, ".vv-meter i");
    let on = false, waiting = false, number = 0, held = null, last = 0, good = 0, taken = 0;
    const say = (text, look) => { told.textContent = text; root.dataset.look = look || ""; };
    const stop = (text) => {
      on = false;
      closeCamera(video);
      root.classList.remove("on");
      shown(act(root, "take"), false);
      act(root, "start").textContent = "Start camera";
      say(text || "", "");
    };
    const keep = (source) => {
      for (const [node, input] of inputs) if (node.closest("#enrol-photos")) input.add(source);
      root.classList.remove("flash");
      void root.offsetWidth;
      root.classList.add("flash");
    };
    const send = () => {
      if (!on) return;
      if (!seen(root)) return stop();
      if (waiting && performance.now() - last < 4000) return;
      waiting = true;
      last = performance.now();
      number += 1;
      held = still(video, 1280, 0.92);
      props.value = { number, frame: held };
    };
    const run = async () => {
      if (on) return stop();
      say("Starting the camera…");
      try { await openCamera(video); } catch (error) { return stop(error.message); }
      on = true; waiting = false; good = 0; taken = 0;
      root.classList.add("on");
      shown(act(root, "take"), true);
      act(root, "start").textContent = "Stop camera";
      while (on) { send(); await pause(300); }
    };
    watch("answer", () => {
      const found = props.answer;
      if (!on || !found || found.number !== number) return;
      waiting = false;
      say(found.words, found.look);
      meter.style.width = `${Math.round(100 * found.quality)}%`;
      good = found.look === "good" ? good + 1 : 0;
      if (good >= 2 && taken < 5) {
        good = -3;
        taken += 1;
        keep(held);
        if (taken === 5) stop("Five photos taken: that is enough.");
      }
    });
    act(root, "start").addEventListener("click", run);
    act(root, "take").addEventListener("click", () => keep(still(video)));
  }

  /* ---- rows that can be picked ---- */
  function rows(element, trigger) {
    const pick = (event) => {
      const row = event.target.closest("[data-id]");
      if (!row) return;
      for (const one of element.querySelectorAll("[data-id]")) one.ariaCurrent = String(one === row);
      trigger("select", { id: row.dataset.id });
    };
    element.addEventListener("click", pick);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick(event);
    });
  }

  return { photo, guide, rows };
})(window.visavis.kit));
