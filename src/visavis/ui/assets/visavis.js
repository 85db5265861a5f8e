/* The parts of the pages that need a browser: photos, cameras, live streams. No photo leaves the
   page but to the service it came from, and none is put into storage. */
"use strict";
window.visavis = (() => {
  const MOST_BYTES = 16 * 2 ** 20, MOST_TOGETHER = 40 * 2 ** 20;
  const inputs = new Map();
  const q = (root, name) => root.querySelector(name);
  const act = (root, name) => q(root, `[data-do="${name}"]`);
  const shown = (node, yes) => { if (node) node.hidden = !yes; };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = (node) => node.isConnected && node.offsetParent !== null;

  function read(file) {
    return new Promise((done, fail) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = () => fail(reader.error);
      reader.readAsDataURL(file);
    });
  }

  /* ---- the camera ---- */
  async function openCamera(video) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("A browser lends its camera only to pages of this machine, or over HTTPS.");
    }
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      throw new Error(error.name === "NotAllowedError"
        ? "The browser was not allowed to use the camera." : "No camera was found, or another program has it.");
    }
    video.muted = true;
    await video.play();
    while (!video.videoWidth) await pause(30);
  }
  function closeCamera(video) {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
  function draw(video, side) {
    const ratio = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * ratio);
    canvas.height = Math.round(video.videoHeight * ratio);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  const still = (video, side = 1920, quality = 0.95) => draw(video, side).toDataURL("image/jpeg", quality);
  const frame = (video, side, quality = 0.85) =>
    new Promise((done) => draw(video, side).toBlob(done, "image/jpeg", quality));

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
          away.title = "Remove this photo";
          away.onclick = (event) => { event.stopPropagation(); put(photos.filter((_, at) => at !== place)); };
          frame.append(away);
        }
        return frame;
      }));
      root.classList.toggle("full", photos.length > 0);
      shown(hint, video.hidden && (many ? photos.length === 0 : photos.length === 0));
      shown(shots, photos.length > 0 && (many || video.hidden));
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
        if (!many) shown(shots, false);
        await openCamera(video);
        shown(act(root, "take"), true);
        act(root, "camera").textContent = "Close camera";
      } catch (error) { stop(); trouble(error.message); }
    };
    root.addEventListener("click", (event) => {
      const what = event.target.closest("[data-do]")?.dataset.do;
      if (what === "choose" || (!what && event.target.closest(".vv-hint"))) file.click();
      if (what === "camera") camera();
      if (what === "take") { add(still(video)); if (!many) stop(); }
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
      act(root, "start").textContent = "Start camera";
      say(text || "", "");
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
        for (const [node, input] of inputs) if (node.closest("#enrol-photos")) input.add(held);
        root.classList.remove("flash");
        void root.offsetWidth;
        root.classList.add("flash");
        if (taken === 5) stop("Five photos taken: that is enough.");
      }
    });
    act(root, "start").addEventListener("click", run);
  }

  /* ---- WebSockets of the service, by way of the pages' own session ---- */
  const address = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ui/socket/${path}`;
  function connect(path, hello, hear, over) {
    const socket = new WebSocket(address(path));
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = (event) => hear(JSON.parse(event.data));
    socket.onclose = () => over();
    return socket;
  }

  /* ---- live ---- */
  const COLOURS = { match: "#00b884", unknown: "#ff7a1a", ambiguous: "#f0e442", low_quality: "#9aa5b1", not_live: "#ff5c5c" };
  function live(element) {
    const root = q(element, ".vv-live"), video = q(root, "video"), canvas = q(root, "canvas");
    const told = q(root, ".vv-told"), words = JSON.parse(root.dataset.words);
    let on = false, socket = null, flying = 0, sent = new Map(), number = 0, faces = [], size = [1, 1];
    let marks = [], trips = [];
    const say = (text) => { told.textContent = text; };
    const figure = (name, text) => { q(root, `[data-figure="${name}"]`).textContent = text; };
    const stop = (text) => {
      on = false;
      socket?.close();
      socket = null;
      closeCamera(video);
      faces = [];
      root.classList.remove("on");
      act(root, "start").textContent = "Start camera";
      paint();
      if (text !== undefined) say(text);
    };
    const label = (face) => {
      const who = face.subject ?? words.decisions[face.decision] ?? face.decision;
      const alive = face.sample.liveness;
      const tail = !alive ? "" : alive.live === null ? " · ?" : alive.live ? " · live" : " · not live";
      return `${who}${face.subject ? " " + face.candidates[0].score.toFixed(2) : ""}${tail}`;
    };
    const paint = () => {
      const [width, height] = [video.videoWidth || 16, video.videoHeight || 9];
      if (canvas.width !== width) { canvas.width = width; canvas.height = height; }
      const pen = canvas.getContext("2d"), scale = width / size[0], unit = width / 640;
      pen.clearRect(0, 0, width, height);
      for (const face of faces) {
        const { x1, y1, x2, y2 } = face.sample.face.box, wide = (x2 - x1) * scale;
        const left = width - x2 * scale, top = y1 * scale;  // the video is shown as a mirror
        pen.lineWidth = 3 * unit;
        pen.strokeStyle = COLOURS[face.decision];
        pen.beginPath();
        pen.roundRect(left, top, wide, (y2 - y1) * scale, 8 * unit);
        pen.stroke();
        const text = label(face), high = Math.max(15 * unit, 15 * canvas.width / (canvas.clientWidth || canvas.width));
        pen.font = `600 ${high}px system-ui, sans-serif`;
        const long = pen.measureText(text).width + high, at = Math.max(0, Math.min(left, width - long));
        const above = top - high * 1.75 > 0 ? top - high * 1.75 : y2 * scale + high * 0.25;
        pen.fillStyle = COLOURS[face.decision];
        pen.beginPath();
        pen.roundRect(at, above, long, high * 1.55, high * 0.35);
        pen.fill();
        pen.fillStyle = "#111418";
        pen.fillText(text, at + high / 2, above + high * 1.1);
      }
    };
    const list = () => {
      q(root, ".vv-who").replaceChildren(...faces.map((face) => {
        const line = document.createElement("li");
        line.className = face.decision;
        line.dataset.subject = face.subject ?? "";
        line.textContent = face.subject ? label(face) : `${words.decisions[face.decision]}: ${words.meanings[face.decision]}`;
        return line;
      }));
    };
    const hear = (message) => {
      if (message.type === "error") { flying = Math.max(0, flying - 1); return say(message.error.message); }
      if (message.type === "ready") {
        return say(`Seeking among ${message.templates} templates in “${message.collection}”.`);
      }
      flying = Math.max(0, flying - 1);
      const now = performance.now(), begun = sent.get(message.frame);
      for (const old of [...sent.keys()]) if (old <= message.frame) sent.delete(old);
      marks = [...marks.filter((at) => now - at < 2000), now];
      if (begun) trips = [...trips.slice(-9), now - begun];
      faces = message.faces;
      size = [message.width, message.height];
      figure("fps", (marks.length / 2).toFixed(1));
      figure("trip", trips.length ? Math.round(trips.reduce((a, b) => a + b) / trips.length) : "–");
      figure("work", Math.round(message.latency_ms.total - message.latency_ms.queue));
      figure("dropped", message.dropped);
      list();
    };
    const run = async () => {
      if (on) return stop("");
      say("Starting the camera…");
      try { await openCamera(video); } catch (error) { return stop(error.message); }
      on = true; flying = 0; number = 0; sent = new Map(); marks = []; trips = [];
      root.classList.add("on");
      act(root, "start").textContent = "Stop camera";
      const hello = { collection: root.dataset.collection, liveness: "report" };
      socket = connect("live", hello, hear, () => on && stop(told.textContent + " The stream has ended."));
      const turn = () => { if (on) { paint(); requestAnimationFrame(turn); } };
      turn();
      while (on) {
        if (!seen(root)) { stop(""); break; }
        if (socket.readyState === WebSocket.OPEN && flying < 2) {
          const picture = await frame(video, 960);
          if (!on || !picture || socket.readyState !== WebSocket.OPEN) continue;
          flying += 1;
          number += 1;
          sent.set(number, performance.now());
          socket.send(picture);
        }
        await pause(flying < 2 ? 40 : 10);
      }
    };
    act(root, "start").addEventListener("click", run);
  }

  /* ---- the challenge ---- */
  const ARROWS = { left: "←", right: "→", up: "↑", down: "↓", closer: "＋" };
  function challenge(element, props, trigger, watch) {
    const root = q(element, ".vv-challenge"), video = q(root, "video"), words = JSON.parse(root.dataset.words);
    const prompt = q(root, ".vv-prompt"), bar = q(root, ".vv-meter i"), end = q(root, ".vv-end");
    let on = false, socket = null;
    const say = (text, arrow = "", small = "") => {
      q(prompt, "b").textContent = text;
      q(prompt, "i").textContent = arrow;
      q(prompt, "span").textContent = small;
    };
    const stop = () => {
      on = false;
      socket?.close();
      socket = null;
      closeCamera(video);
      root.classList.remove("on");
      act(root, "start").textContent = "Start the challenge";
      q(root, ".vv-steps").textContent = "";
    };
    const finish = (look, title, lines) => {
      const head = document.createElement("div"), list = document.createElement("p");
      head.className = "vv-title";
      const mark = document.createElement("span");
      mark.className = "vv-mark";
      mark.textContent = look === "good" ? "✓" : look === "bad" ? "✕" : "!";
      head.append(mark, title);
      list.className = "vv-said";
      list.textContent = lines;
      end.className = `vv-end vv-verdict ${look}`;
      end.replaceChildren(head, list);
      end.hidden = false;
    };
    const judge = (found) => {
      const why = found.reasons.map((code) => words.reasons[code] ?? code.replaceAll("_", " ")).join("; ");
      const done = `${found.steps_done} of ${found.steps} steps in ${found.seconds} s.`;
      const cannot = found.reasons.length && found.reasons.every((code) => words.cannot.includes(code));
      if (found.live) finish("good", "A live person", done);
      else finish(cannot ? "warn" : "bad", cannot ? "Not finished" : "Refused", `${done} Why: ${why}.`);
    };
    const progress = (found) => {
      const name = found.phase === "do" ? found.action : found.phase;
      const held = found.phase === "hold" ? words.prompts[found.action] : "";
      say(words.prompts[name] ?? name, ARROWS[found.phase === "do" ? found.action : ""] ?? "",
        found.face === false ? "No face is seen" : held || (found.seconds_left ? `${Math.ceil(found.seconds_left)} s` : ""));
      bar.style.width = `${100 * found.done / found.of}%`;
      q(root, ".vv-steps").textContent = `Step ${Math.min(found.done + 1, found.of)} of ${found.of}`;
    };
    const begin = async (given) => {
      end.hidden = true;
      let judged = false, trouble = "";
      const over = () => {
        if (!judged) finish("warn", "Not finished", trouble || "The connection has ended.");
        stop();
        say("", "", "");
      };
      socket = connect(`challenges/${given.id}`, {}, (message) => {
        if (message.type === "progress") progress(message);
        if (message.type === "error") trouble = message.error.message;
        if (message.type === "verdict") { judged = true; judge(message.verdict); }
      }, over);
      while (on && socket && socket.readyState <= WebSocket.OPEN) {
        if (!seen(root)) { stop(); break; }
        if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount === 0) {
          const picture = await frame(video, 800);
          if (on && picture && socket?.readyState === WebSocket.OPEN) socket.send(picture);
        }
        await pause(100);
      }
    };
    act(root, "start").addEventListener("click", async () => {
      if (on) return stop();
      end.hidden = true;
      say("Starting the camera…");
      try { await openCamera(video); } catch (error) { stop(); say(""); return finish("warn", "No camera", error.message); }
      on = true;
      root.classList.add("on");
      act(root, "start").textContent = "Stop";
      say("Get ready");
      props.value = { asked: Date.now() };
    });
    watch("given", () => {
      const given = props.given;
      if (given?.id && on) begin(given);
      else if (given?.trouble) { stop(); say(""); finish("warn", "Not started", given.trouble); }
    });
  }

  /* ---- rows that can be picked ---- */
  function rows(element, trigger) {
    const pick = (event) => {
      const row = event.target.closest("[data-id]");
      if (row) trigger("select", { id: row.dataset.id });
    };
    element.addEventListener("click", pick);
    element.addEventListener("keydown", (event) => { if (event.key === "Enter") pick(event); });
  }

  return { photo, guide, live, challenge, rows };
})();
